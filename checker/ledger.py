"""What the ledger's own database must show: balanced books, conserved money, and who did it (invariants 1-4, 21)."""

from checker.rules import Rule
from shared.money import CURRENCIES

# The receivables accounts of the two charts; a check that asked the ledger's own code would repeat its mistakes.
_RECEIVABLES = "CASE e.accounts WHEN 'china' THEN '1122' ELSE '1200' END"
_UNAPPLIED_CASH = "CASE e.accounts WHEN 'china' THEN '2205' ELSE '2300' END"

# Each document, and the action under which the audit tells of it.
_DOCUMENTS = """
    SELECT CAST(invoice_id AS text) AS subject, 'invoice_recorded' AS action FROM invoice
    UNION ALL SELECT CAST(invoice_id AS text), 'invoice_cancelled' FROM cancellation
    UNION ALL SELECT CAST(payment_id AS text), 'payment_recorded' FROM payment
    UNION ALL SELECT CAST(payment_id AS text), 'payment_reversed' FROM payment_reversal
    UNION ALL SELECT CAST(payment_id AS text), 'payment_refunded' FROM refund
    UNION ALL SELECT CAST(credit_note_id AS text), 'credit_note_issued' FROM credit_note
    UNION ALL SELECT CAST(contract_id AS text), 'contract_recorded' FROM contract
    UNION ALL SELECT entity, 'entity_recorded' FROM entity
"""
_AUDITED = """
    SELECT subject, action FROM audit_record WHERE actor <> '' AND action IN (
        'invoice_recorded', 'invoice_cancelled', 'payment_recorded', 'payment_reversed', 'payment_refunded',
        'credit_note_issued', 'contract_recorded', 'entity_recorded'
    )
"""
_CURRENT = ", ".join(f"'{code}'" for code in sorted(CURRENCIES))
_SUMS = " UNION ALL ".join(
    f"SELECT '{table}' AS what, currency FROM {table}"
    for table in ("invoice", "instalment", "payment", "credit_note", "journal_entry")
)

RULES = (
    Rule(
        name="journal-balances",
        invariant="1",
        sentence="Every journal entry has postings, and they sum to zero.",
        compared="SELECT count(*) FROM journal_entry",
        wrong="""
            SELECT 'entry ' || j.entry_id || ': ' || coalesce(sum(p.amount_minor), 0)
            FROM journal_entry AS j LEFT JOIN posting AS p USING (entry_id)
            GROUP BY j.entry_id HAVING coalesce(sum(p.amount_minor), 1) <> 0
        """,
    ),
    Rule(
        name="control-account",
        invariant="2",
        sentence="Per entity and currency the receivables account equals the sum of open amounts and of movements.",
        compared="SELECT count(*) FROM (SELECT DISTINCT entity, currency FROM instalment) AS each",
        wrong=f"""
            SELECT entity || ' ' || currency || ': account ' || sum(account) || ', open ' || sum(open) || ', movements '
                || sum(moved)
            FROM (
                SELECT j.entity, j.currency, p.amount_minor AS account, 0 AS open, 0 AS moved
                FROM posting AS p JOIN journal_entry AS j USING (entry_id) JOIN entity AS e USING (entity)
                WHERE p.account = {_RECEIVABLES}
                UNION ALL SELECT entity, currency, 0, open_minor, 0 FROM instalment
                UNION ALL SELECT entity, currency, 0, 0, delta_minor FROM movement
            ) AS each
            GROUP BY entity, currency HAVING sum(account) <> sum(open) OR sum(open) <> sum(moved)
        """,
    ),
    Rule(
        name="unapplied-account",
        invariant="2",
        sentence="Per entity and currency the account of unapplied cash equals what payments have left unapplied.",
        compared="SELECT count(*) FROM (SELECT DISTINCT entity, currency FROM payment) AS each",
        wrong=f"""
            SELECT entity || ' ' || currency || ': account ' || sum(account) || ', payments ' || sum(unapplied)
            FROM (
                SELECT j.entity, j.currency, -p.amount_minor AS account, 0 AS unapplied
                FROM posting AS p JOIN journal_entry AS j USING (entry_id) JOIN entity AS e USING (entity)
                WHERE p.account = {_UNAPPLIED_CASH}
                UNION ALL SELECT entity, currency, 0, unapplied_minor FROM payment
            ) AS each
            GROUP BY entity, currency HAVING sum(account) <> sum(unapplied)
        """,
    ),
    Rule(
        name="payment-conserved",
        invariant="3",
        sentence="Per payment: received = allocated + unapplied + refunded + reversed, and nothing is negative.",
        compared="SELECT count(*) FROM payment",
        wrong="""
            WITH allocated AS (
                SELECT document_id AS payment_id, -sum(delta_minor) AS minor FROM movement
                WHERE document_kind IN ('payment', 'reversal') GROUP BY document_id
            ), refunded AS (
                SELECT payment_id, sum(amount_minor) AS minor FROM refund GROUP BY payment_id
            ), kept AS (
                SELECT credit_id AS payment_id, sum(delta_minor) AS minor FROM credit_movement GROUP BY credit_id
            )
            SELECT 'payment ' || p.payment_id || ': received ' || p.amount_minor || ', allocated '
                || coalesce(a.minor, 0) || ', unapplied ' || p.unapplied_minor || ', refunded ' || p.refunded_minor
                || ', reversed ' || p.reversed_minor
            FROM payment AS p LEFT JOIN allocated AS a USING (payment_id) LEFT JOIN refunded AS r USING (payment_id)
            LEFT JOIN kept AS k USING (payment_id)
            WHERE p.amount_minor <> coalesce(a.minor, 0) + p.unapplied_minor + p.refunded_minor + p.reversed_minor
               OR p.refunded_minor <> coalesce(r.minor, 0) OR p.unapplied_minor <> coalesce(k.minor, 0)
               OR coalesce(a.minor, 0) < 0
        """,
    ),
    Rule(
        name="credit-note-conserved",
        invariant="3",
        sentence="Per credit note: its total is what it lowered invoices by and what is unapplied of it.",
        compared="SELECT count(*) FROM credit_note",
        wrong="""
            WITH allocated AS (
                SELECT document_id AS credit_note_id, -sum(delta_minor) AS minor FROM movement
                WHERE document_kind = 'credit_note' GROUP BY document_id
            )
            SELECT 'credit note ' || n.credit_note_id || ': total ' || n.total_minor || ', allocated '
                || coalesce(a.minor, 0) || ', unapplied ' || n.unapplied_minor
            FROM credit_note AS n LEFT JOIN allocated AS a USING (credit_note_id)
            WHERE n.total_minor <> coalesce(a.minor, 0) + n.unapplied_minor
        """,
    ),
    Rule(
        name="invoice-conserved",
        invariant="4",
        sentence="Per invoice: its instalments are its total; what is open is within it and follows from movements.",
        compared="SELECT count(*) FROM invoice",
        wrong="""
            WITH parts AS (
                SELECT invoice_id, sum(amount_minor) AS amount, sum(open_minor) AS open FROM instalment GROUP BY 1
            ), moved AS (
                SELECT invoice_id, sum(delta_minor) AS minor FROM movement GROUP BY 1
            )
            SELECT 'invoice ' || i.invoice_id || ': total ' || i.total_minor || ', open ' || i.open_minor
                || '; of instalments: total ' || coalesce(p.amount, 0) || ', open ' || coalesce(p.open, 0)
                || '; open by movements ' || coalesce(m.minor, 0)
            FROM invoice AS i LEFT JOIN parts AS p USING (invoice_id) LEFT JOIN moved AS m USING (invoice_id)
            WHERE i.total_minor IS DISTINCT FROM p.amount OR i.open_minor IS DISTINCT FROM p.open
               OR i.open_minor <> coalesce(m.minor, 0) OR i.open_minor NOT BETWEEN 0 AND i.total_minor
               OR (i.state <> 'issued' AND i.open_minor <> 0)
        """,
    ),
    Rule(
        name="instalment-moved",
        invariant="4",
        sentence="Per instalment: what is open follows from its movements.",
        compared="SELECT count(*) FROM instalment",
        wrong="""
            SELECT 'instalment ' || i.instalment_id || ': open ' || i.open_minor || ', by movements '
                || coalesce(sum(m.delta_minor), 0)
            FROM instalment AS i LEFT JOIN movement AS m USING (instalment_id)
            GROUP BY i.instalment_id, i.open_minor
            HAVING i.open_minor <> coalesce(sum(m.delta_minor), 0)
        """,
    ),
    Rule(
        name="dispute-flags",
        invariant="4",
        sentence="No instalment is disputed for more than its amount.",
        compared="SELECT count(*) FROM instalment WHERE disputed_minor > 0",
        wrong="""
            SELECT 'instalment ' || instalment_id || ': ' || disputed_minor || ' of ' || amount_minor
            FROM instalment WHERE disputed_minor > amount_minor
        """,
    ),
    Rule(
        name="documents-audited",
        invariant="21",
        sentence="Every document has exactly one record in the audit, with its actor; no record speaks of another.",
        compared=f"SELECT count(*) FROM ({_DOCUMENTS}) AS each",
        wrong=f"""
            SELECT action || ' of ' || subject || ': recorded ' || sum(recorded) || ' times, audited ' || sum(audited)
            FROM (
                SELECT subject, action, 1 AS recorded, 0 AS audited FROM ({_DOCUMENTS}) AS documents
                UNION ALL SELECT subject, action, 0, 1 FROM ({_AUDITED}) AS audit
            ) AS each
            GROUP BY subject, action HAVING sum(recorded) <> sum(audited)
        """,
    ),
    Rule(
        name="currencies-known",
        invariant="19",
        sentence="Every sum is in a current ISO 4217 currency, whose minor units are known.",
        compared=f"SELECT count(*) FROM ({_SUMS}) AS each",
        wrong=f"SELECT DISTINCT what || ' in ' || currency FROM ({_SUMS}) AS each WHERE currency NOT IN ({_CURRENT})",
    ),
)
