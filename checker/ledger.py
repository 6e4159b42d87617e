"""What the ledger's own database must show: balanced books, conserved money, days without gaps (invariants 1-4, 16)."""

from checker.rules import Rule

# The receivables accounts of the two charts; a check that asked the ledger's own code would repeat its mistakes.
_RECEIVABLES = "CASE e.accounts WHEN 'china' THEN '1122' ELSE '1200' END"
_UNAPPLIED_CASH = "CASE e.accounts WHEN 'china' THEN '2205' ELSE '2300' END"

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
        name="invoice-conserved",
        invariant="4",
        sentence="Per invoice: its instalments are its total, and what is open follows from its movements.",
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
               OR i.open_minor <> coalesce(m.minor, 0)
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
        name="days-without-gap",
        invariant="16",
        sentence="Every calendar date from the first business day on was opened, in order.",
        compared="SELECT count(*) FROM business_day",
        wrong="""
            SELECT 'no day between ' || before || ' and ' || day
            FROM (SELECT day, lag(day) OVER (ORDER BY day) AS before FROM business_day) AS each WHERE day <> before + 1
        """,
    ),
    Rule(
        name="days-worked",
        invariant="16",
        sentence="Every day that was closed has been worked by each service in every partition.",
        compared="SELECT count(*) FROM business_day WHERE state = 'closed'",
        wrong="""
            SELECT d.day || ': ' || s.service || ' in ' || count(w.event_id) || ' of ' || p.partitions || ' partitions'
            FROM business_day AS d CROSS JOIN (SELECT DISTINCT service FROM worked_day) AS s
            CROSS JOIN (SELECT count(*) AS partitions FROM stream_head) AS p
            LEFT JOIN worked_day AS w ON w.service = s.service AND w.day = d.day
            WHERE d.state = 'closed'
            GROUP BY d.day, s.service, p.partitions HAVING count(w.event_id) <> p.partitions
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
)
