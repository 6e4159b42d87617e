"""What the ledger's books must show of each other: every entry and movement is of the document that it names (2, 4)."""

from checker.rules import Rule

_RECEIVABLES = "CASE e.accounts WHEN 'china' THEN '1122' ELSE '1200' END"
# An invoice may be issued after it fell due: then all of it was open when it did.
_AT_DUE = "m.document_kind = 'invoice' OR m.effective_date <= i.due_date"

RULES = (
    Rule(
        name="movements-of-their-debts",
        invariant="4",
        sentence="Every movement is of the customer, entity, currency and due date of its instalment, or its credit.",
        compared="SELECT (SELECT count(*) FROM movement) + (SELECT count(*) FROM credit_movement)",
        wrong="""
            SELECT 'movement ' || m.id || ' of instalment ' || m.instalment_id
            FROM movement AS m LEFT JOIN instalment AS i USING (instalment_id)
            WHERE (m.invoice_id, m.customer_id, m.partition_no, m.entity, m.currency, m.due_date) IS DISTINCT FROM
                  (i.invoice_id, i.customer_id, i.partition_no, i.entity, i.currency, i.due_date)
            UNION ALL
            SELECT 'movement ' || m.id || ' of ' || m.credit_kind || ' ' || m.credit_id
            FROM credit_movement AS m LEFT JOIN (
                SELECT 'payment' AS credit_kind, payment_id AS credit_id, customer_id, partition_no, entity, currency
                FROM payment
                UNION ALL SELECT 'credit_note', credit_note_id, customer_id, partition_no, entity, currency
                FROM credit_note
            ) AS c USING (credit_kind, credit_id)
            WHERE (m.customer_id, m.partition_no, m.entity, m.currency) IS DISTINCT FROM
                  (c.customer_id, c.partition_no, c.entity, c.currency)
        """,
    ),
    Rule(
        name="dates-moved",
        invariant="4",
        sentence="What was open when it fell due, from when on it can be settled, and when it last moved follow.",
        compared="SELECT count(*) FROM instalment",
        wrong=f"""
            SELECT 'instalment ' || i.instalment_id || ': at due ' || i.open_at_due_minor || ', by movements '
                || coalesce(sum(m.delta_minor) FILTER (WHERE {_AT_DUE}), 0) || '; open from '
                || i.open_from_date || ', by movements ' || max(m.effective_date) FILTER (WHERE m.delta_minor > 0)
            FROM instalment AS i JOIN movement AS m USING (instalment_id)
            GROUP BY i.instalment_id, i.open_at_due_minor, i.open_from_date
            HAVING i.open_at_due_minor
                    <> coalesce(sum(m.delta_minor) FILTER (WHERE {_AT_DUE}), 0)
                OR i.open_from_date <> max(m.effective_date) FILTER (WHERE m.delta_minor > 0)
            UNION ALL
            SELECT 'invoice ' || v.invoice_id || ': last moved on ' || v.last_effective_date || ', by movements '
                || max(m.effective_date)
            FROM invoice AS v JOIN movement AS m USING (invoice_id)
            GROUP BY v.invoice_id, v.last_effective_date
            HAVING v.last_effective_date <> max(m.effective_date)
        """,
    ),
    Rule(
        name="entries-of-movements",
        invariant="2",
        sentence="What an entry posts to receivables is what its document moved, of that customer and on that day.",
        compared="SELECT count(*) FROM journal_entry",
        wrong=f"""
            SELECT document_kind || ' ' || document_id || ' on ' || day || ': posted ' || sum(posted) || ', moved '
                || sum(moved)
            FROM (
                SELECT j.document_kind, j.document_id, j.posting_date AS day, j.recorded_at, j.customer_id, j.entity,
                    j.currency, p.amount_minor AS posted, 0 AS moved
                FROM journal_entry AS j JOIN posting AS p USING (entry_id) JOIN entity AS e USING (entity)
                WHERE p.account = {_RECEIVABLES}
                UNION ALL
                SELECT document_kind, document_id, recorded_day, recorded_at, customer_id, entity, currency, 0,
                    delta_minor
                FROM movement
            ) AS each
            GROUP BY document_kind, document_id, day, recorded_at, customer_id, entity, currency
            HAVING sum(posted) <> sum(moved)
        """,
    ),
    Rule(
        name="entries-of-documents",
        invariant="2",
        sentence="Every entry names a document that is there, with its number, customer, entity and currency.",
        compared="SELECT count(*) FROM journal_entry",
        wrong="""
            SELECT 'entry ' || j.entry_id || ' of ' || j.document_kind || ' ' || j.document_id
            FROM journal_entry AS j WHERE NOT EXISTS (
                SELECT FROM invoice AS d WHERE j.document_kind = 'invoice' AND d.invoice_id = j.document_id
                AND (d.number, d.customer_id, d.partition_no, d.entity, d.currency)
                  = (j.document_number, j.customer_id, j.partition_no, j.entity, j.currency)
            ) AND NOT EXISTS (
                SELECT FROM cancellation AS c JOIN invoice AS d USING (invoice_id)
                WHERE j.document_kind = 'cancellation' AND c.invoice_id = j.document_id
                AND (c.number, d.customer_id, d.partition_no, d.entity, d.currency)
                  = (j.document_number, j.customer_id, j.partition_no, j.entity, j.currency)
            ) AND NOT EXISTS (
                SELECT FROM payment AS d
                WHERE j.document_kind IN ('payment', 'reversal') AND d.payment_id = j.document_id
                AND (d.reference, d.customer_id, d.partition_no, d.entity, d.currency)
                  = (j.document_number, j.customer_id, j.partition_no, j.entity, j.currency)
            ) AND NOT EXISTS (
                SELECT FROM refund AS r JOIN payment AS d USING (payment_id)
                WHERE j.document_kind = 'refund' AND r.refund_id = j.document_id
                AND (r.reference, d.customer_id, d.partition_no, d.entity, d.currency)
                  = (j.document_number, j.customer_id, j.partition_no, j.entity, j.currency)
            ) AND NOT EXISTS (
                SELECT FROM credit_note AS d WHERE j.document_kind = 'credit_note' AND d.credit_note_id = j.document_id
                AND (d.number, d.customer_id, d.partition_no, d.entity, d.currency)
                  = (j.document_number, j.customer_id, j.partition_no, j.entity, j.currency)
            )
        """,
    ),
    Rule(
        name="invoices-add-up",
        invariant="19",
        sentence="The lines of an invoice and its tax are its total.",
        compared="SELECT count(*) FROM invoice",
        wrong="""
            SELECT 'invoice ' || v.invoice_id || ': total ' || v.total_minor || ', tax ' || v.tax_minor || ', lines '
                || sum(CAST(line ->> 'minor' AS bigint))
            FROM invoice AS v CROSS JOIN LATERAL jsonb_array_elements(v.lines) AS line
            GROUP BY v.invoice_id, v.total_minor, v.tax_minor
            HAVING v.total_minor <> v.tax_minor + sum(CAST(line ->> 'minor' AS bigint))
        """,
    ),
    Rule(
        name="documents-as-audited",
        invariant="21",
        sentence="Every document was recorded on the day and at the time that the audit tells, with its figures.",
        compared="SELECT count(*) FROM audit_record",
        wrong="""
            SELECT 'invoice ' || v.invoice_id
            FROM invoice AS v JOIN audit_record AS a
              ON a.subject = CAST(v.invoice_id AS text) AND a.action = 'invoice_recorded'
            WHERE (v.customer_id, v.partition_no, v.issue_date, v.recorded_day, v.recorded_at) IS DISTINCT FROM
                  (a.customer_id, a.partition_no, a.effective_date, a.business_date, a.recorded_at)
               OR a.details ->> 'number' <> v.number OR CAST(a.details ->> 'total_minor' AS bigint) <> v.total_minor
               OR a.details ->> 'currency' <> v.currency
               OR a.details ? 'terms_source' AND a.details ->> 'terms_source' IS DISTINCT FROM v.terms_source
            UNION ALL
            SELECT 'payment ' || p.payment_id
            FROM payment AS p JOIN audit_record AS a
              ON a.subject = CAST(p.payment_id AS text) AND a.action = 'payment_recorded'
            WHERE (p.customer_id, p.partition_no, p.received_date, p.recorded_day, p.recorded_at) IS DISTINCT FROM
                  (a.customer_id, a.partition_no, a.effective_date, a.business_date, a.recorded_at)
               OR a.details ->> 'reference' <> p.reference OR a.details ->> 'currency' <> p.currency
               OR CAST(a.details ->> 'amount_minor' AS bigint) <> p.amount_minor
            UNION ALL
            SELECT 'refund ' || r.refund_id FROM refund AS r WHERE NOT EXISTS (
                SELECT FROM audit_record AS a
                WHERE a.subject = CAST(r.payment_id AS text) AND a.action = 'payment_refunded'
                  AND a.details ->> 'reference' = r.reference
                  AND CAST(a.details ->> 'amount_minor' AS bigint) = r.amount_minor
                  AND (a.effective_date, a.business_date, a.recorded_at)
                    = (r.refunded_date, r.recorded_day, r.recorded_at)
            )
            UNION ALL
            SELECT 'contract ' || c.contract_id
            FROM contract AS c JOIN audit_record AS a
              ON a.subject = CAST(c.contract_id AS text) AND a.action = 'contract_recorded'
            WHERE (c.customer_id, c.partition_no, c.recorded_day, c.recorded_at, c.terms) IS DISTINCT FROM
                  (a.customer_id, a.partition_no, a.business_date, a.recorded_at, a.details -> 'terms')
        """,
    ),
)
