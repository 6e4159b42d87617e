"""The identities that hold in the ledger's tables after every transaction, as queries that must find nothing (L14)."""

IDENTITIES = {
    "every journal entry balances": """
        SELECT entry_id FROM posting GROUP BY entry_id HAVING sum(amount_minor) <> 0
    """,
    "the control account is the sum of open amounts": """
        SELECT entity, currency FROM
            (SELECT entity, currency, sum(amount_minor) AS minor FROM posting JOIN journal_entry USING (entry_id)
             WHERE account = '1122' GROUP BY entity, currency) AS control
            FULL JOIN (SELECT entity, currency, sum(open_minor) AS minor FROM invoice GROUP BY entity, currency) AS open
            USING (entity, currency)
        WHERE coalesce(control.minor, 0) <> coalesce(open.minor, 0)
    """,
    "unapplied money and credit notes are liabilities of their own": """
        SELECT account, minor FROM
            (SELECT account, -sum(amount_minor) AS minor FROM posting
             WHERE account IN ('2205', '2241') GROUP BY account) AS held
            JOIN (SELECT '2205' AS account, sum(unapplied_minor) AS unapplied FROM payment
                  UNION ALL SELECT '2241', sum(unapplied_minor) FROM credit_note) AS known USING (account)
        WHERE minor <> coalesce(unapplied, 0)
    """,
    "an invoice is open as much as its instalments and its movements say": """
        SELECT invoice_id FROM invoice AS v
        WHERE open_minor <> (SELECT sum(open_minor) FROM instalment AS i WHERE i.invoice_id = v.invoice_id)
           OR open_minor <> (SELECT coalesce(sum(delta_minor), 0) FROM movement AS m WHERE m.invoice_id = v.invoice_id)
    """,
    "an instalment is open as much as its movements say, now and when it was due": """
        SELECT instalment_id FROM instalment AS i LEFT JOIN movement AS m USING (instalment_id)
        GROUP BY instalment_id HAVING i.open_minor <> coalesce(sum(m.delta_minor), 0)
            OR i.open_at_due_minor <> coalesce(sum(m.delta_minor) FILTER
                (WHERE m.effective_date <= i.due_date OR m.document_kind = 'invoice'), 0)
    """,
    "received = settled + unapplied + refunded + reversed": """
        SELECT payment_id FROM payment AS p WHERE amount_minor <> unapplied_minor + refunded_minor + reversed_minor
            - (SELECT coalesce(sum(delta_minor), 0) FROM movement WHERE document_id = p.payment_id)
        UNION ALL
        SELECT credit_note_id FROM credit_note AS n WHERE total_minor <> unapplied_minor
            - (SELECT coalesce(sum(delta_minor), 0) FROM movement WHERE document_id = n.credit_note_id)
    """,
    "unapplied is the sum of its movements": """
        SELECT credit_id FROM credit_movement JOIN
            (SELECT payment_id AS credit_id, unapplied_minor FROM payment
             UNION ALL SELECT credit_note_id, unapplied_minor FROM credit_note) AS c USING (credit_id)
        GROUP BY credit_id, unapplied_minor HAVING sum(delta_minor) <> unapplied_minor
    """,
    "no debt and no credit is negative at any date": """
        SELECT id FROM (
            SELECT instalment_id AS id, sum(delta_minor) OVER w AS minor,
                   lead(effective_date) OVER w IS DISTINCT FROM effective_date AS at_end FROM movement
            WINDOW w AS (PARTITION BY instalment_id ORDER BY effective_date, id ROWS UNBOUNDED PRECEDING)
            UNION ALL
            SELECT credit_id, sum(delta_minor) OVER w,
                   lead(effective_date) OVER w IS DISTINCT FROM effective_date FROM credit_movement
            WINDOW w AS (PARTITION BY credit_id ORDER BY effective_date, id ROWS UNBOUNDED PRECEDING)
        ) AS at_dates WHERE at_end AND minor < 0
    """,
    "an overdue is published once for each instalment and episode": """
        SELECT CAST(body AS jsonb) ->> 'instalment_id' FROM outbox WHERE wire LIKE '%invoice-overdue%'
        GROUP BY 1, CAST(body AS jsonb) ->> 'episode' HAVING count(*) > 1
    """,
    "what is open and past due was said to be so": """
        SELECT instalment_id FROM instalment, business_day
        WHERE business_day.state = 'open' AND open_minor > 0 AND due_date < day AND overdue_date IS NULL
    """,
    "every document has its audit": """
        SELECT subject FROM (SELECT invoice_id AS subject FROM invoice UNION ALL SELECT payment_id FROM payment
                             UNION ALL SELECT credit_note_id FROM credit_note) AS documents
        WHERE NOT EXISTS (SELECT FROM audit_record AS a WHERE a.subject = CAST(documents.subject AS text))
    """,
}
