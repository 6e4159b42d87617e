"""What credit's own database must show: approvals within limits, reservations that end, sums that agree."""

from checker.rules import Rule

# The answer as it was given, an empty measure where there was no such limit.
_OF_CUSTOMER = "CAST(answer -> 'exposure' -> 'with_order' ->> 'amount' AS numeric)"
_OF_GROUP = "CAST(answer -> 'group' -> 'exposure' -> 'with_order' ->> 'amount' AS numeric)"
_LIMIT = "CAST(answer -> 'limit' ->> 'amount' AS numeric)"
_GROUP_LIMIT = "CAST(answer -> 'group' -> 'limit' ->> 'amount' AS numeric)"

RULES = (
    Rule(
        name="approved-within-limit",
        invariant="6",
        sentence="At each approval the exposure with the order was within the customer's limit and the group's.",
        compared="SELECT count(*) FROM credit_check WHERE decision = 'approve'",
        wrong=f"""
            SELECT 'check ' || check_id || ' of order ' || order_number FROM credit_check
            WHERE decision = 'approve'
              AND (coalesce({_OF_CUSTOMER} > {_LIMIT}, true) OR coalesce({_OF_GROUP} > {_GROUP_LIMIT}, false))
        """,
    ),
    Rule(
        name="approval-reserved",
        invariant="6",
        sentence="Every approval of an order not invoiced before holds or held its amount by exactly one reservation.",
        compared="SELECT count(*) FROM credit_check WHERE decision = 'approve'",
        wrong="""
            SELECT 'check ' || c.check_id || ': ' || count(r.check_id) || ' reservations'
            FROM credit_check AS c LEFT JOIN reservation AS r
              ON r.check_id = c.check_id AND r.amount_minor = c.amount_minor AND r.currency = c.currency
            WHERE c.decision = 'approve'
              AND NOT coalesce(c.answer -> 'reasons' @> '[{"code": "already_invoiced"}]', false)
            GROUP BY c.check_id HAVING count(r.check_id) <> 1
        """,
    ),
    Rule(
        name="reservations-end",
        invariant="6",
        sentence="No reservation is live after the day that its expiry came.",
        compared="SELECT count(*) FROM reservation",
        wrong="""
            SELECT 'reservation ' || r.reservation_id || ' expired on ' || r.expires_date
            FROM reservation AS r JOIN day_seen AS d USING (partition_no)
            WHERE r.state = 'live' AND d.worked_at IS NOT NULL AND r.expires_date < d.work_day
        """,
    ),
    Rule(
        name="exposure-adds-up",
        invariant="5",
        sentence="What credit counts as open for a customer is the sum of his invoices.",
        compared="SELECT count(*) FROM balance",
        wrong="""
            SELECT 'customer ' || customer_id || ' ' || entity || ' ' || currency || ': balance ' || sum(balance)
                || ', invoices ' || sum(invoices)
            FROM (
                SELECT customer_id, entity, currency, open_minor AS balance, 0 AS invoices FROM balance
                UNION ALL SELECT customer_id, entity, currency, 0, open_minor FROM receivable
            ) AS each
            GROUP BY customer_id, entity, currency HAVING sum(balance) <> sum(invoices)
        """,
    ),
    Rule(
        name="debts-add-up",
        invariant="5",
        sentence="What is open of an invoice is open of its instalments, by which habits are measured.",
        compared="SELECT count(*) FROM receivable",
        wrong="""
            SELECT 'invoice ' || r.invoice_id || ': open ' || r.open_minor || ', instalments ' || sum(i.open_minor)
            FROM receivable AS r JOIN instalment AS i ON i.invoice_id = r.invoice_id AND i.known_to = 'infinity'
            GROUP BY r.invoice_id, r.open_minor, r.total_minor
            HAVING sum(i.amount_minor) = r.total_minor AND sum(i.open_minor) <> r.open_minor
        """,
    ),
    Rule(
        name="grades-in-force",
        invariant="5",
        sentence="The grade that counts is the override that holds, or the customer's own.",
        compared="SELECT count(*) FROM profile",
        wrong="""
            SELECT 'customer ' || p.customer_id || ': grade ' || coalesce(p.grade, 'none')
            FROM profile AS p LEFT JOIN grading AS g USING (customer_id)
            LEFT JOIN grade_override AS o ON o.customer_id = p.customer_id AND o.state = 'approved'
            WHERE p.grade IS DISTINCT FROM coalesce(o.grade, g.own)
        """,
    ),
    Rule(
        name="holds-in-force",
        invariant="5",
        sentence="A customer's deliveries stop exactly while a hold on him is open.",
        compared="SELECT count(*) FROM hold",
        wrong="""
            SELECT 'customer ' || coalesce(r.customer_id, h.customer_id) || ': hold '
                || coalesce(CAST(h.hold_id AS text), 'none') || ', row ' || coalesce(CAST(r.hold_id AS text), 'none')
            FROM (SELECT * FROM hold WHERE lifted_date IS NULL) AS h FULL JOIN risk AS r USING (customer_id)
            WHERE h.hold_id IS DISTINCT FROM r.hold_id
        """,
    ),
    Rule(
        name="overrides-end",
        invariant="5",
        sentence="No override of a grade holds after the day that its end came.",
        compared="SELECT count(*) FROM grade_override",
        wrong="""
            SELECT 'override ' || o.override_id || ' ended on ' || o.end_date
            FROM grade_override AS o JOIN day_seen AS d USING (partition_no)
            WHERE o.state = 'approved' AND d.worked_at IS NOT NULL AND o.end_date < d.work_day
        """,
    ),
    Rule(
        name="rates-known",
        invariant="19",
        sentence="Every exchange rate is a number above zero, with whoever recorded it.",
        compared="SELECT count(*) FROM exchange_rate",
        wrong="""
            SELECT base_currency || '/' || quote_currency || ' of ' || rate_date || ': ' || rate FROM exchange_rate
            WHERE rate = 'NaN' OR rate <= 0 OR actor = ''
        """,
    ),
    Rule(
        name="checks-as-answered",
        invariant="6",
        sentence="Every check of an order is kept as it was answered, and what it reserved is of its order.",
        compared="SELECT count(*) FROM credit_check",
        wrong="""
            SELECT 'check ' || check_id || ' of order ' || order_number FROM credit_check
            WHERE (CAST(customer_id AS text), order_number, currency, decision, CAST(business_date AS text))
               IS DISTINCT FROM (answer ->> 'customer_id', answer ->> 'order_number', answer ->> 'currency',
                   answer ->> 'decision', answer ->> 'business_date')
               OR CAST(replace(answer ->> 'amount', '.', '') AS bigint) <> amount_minor
               OR CAST(answer ->> 'checked_at' AS timestamptz) <> recorded_at
            UNION ALL
            SELECT 'reservation ' || r.reservation_id || ' of order ' || r.order_number
            FROM reservation AS r LEFT JOIN credit_check AS c USING (check_id)
            WHERE (c.customer_id, c.order_number) IS DISTINCT FROM (r.customer_id, r.order_number)
        """,
    ),
    Rule(
        name="debts-known-throughout",
        invariant="5",
        sentence="What was known of an instalment is known of every day since, once: no state is missing or overlaps.",
        compared="SELECT count(*) FROM instalment",
        wrong="""
            SELECT 'instalment ' || instalment_id || ': known until ' || known_to || ', then from '
                || coalesce(CAST(next AS text), 'never')
            FROM (
                SELECT instalment_id, known_to,
                    lead(known_from) OVER (PARTITION BY instalment_id ORDER BY known_from) AS next
                FROM instalment
            ) AS each
            WHERE known_to <> coalesce(next, 'infinity')
        """,
    ),
    Rule(
        name="timers-set",
        invariant="16",
        sentence="Every customer is looked at on the first day for which something of his is set.",
        compared="SELECT count(*) FROM customer",
        wrong="""
            SELECT 'customer ' || customer_id || ': next on ' || coalesce(CAST(c.next_date AS text), 'no day')
                || ', set for ' || coalesce(CAST(t.due_date AS text), 'no day')
            FROM customer AS c FULL JOIN (
                SELECT customer_id, min(due_date) AS due_date FROM timer GROUP BY customer_id
            ) AS t USING (customer_id)
            WHERE c.next_date IS DISTINCT FROM t.due_date AND c.parked_at IS NULL
        """,
    ),
)
