"""What the ledger's own database must show of its days: none is missing or late, none changes once it is closed."""

from checker.rules import Rule

RULES = (
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
        name="days-final",
        invariant="25",
        sentence="Nothing was posted on a day, nor an open amount moved, after the next one had begun.",
        compared="SELECT (SELECT count(*) FROM journal_entry) + (SELECT count(*) FROM movement)",
        wrong="""
            SELECT what || ' of ' || each.day || ', recorded at ' || recorded_at
            FROM (
                SELECT 'journal entry ' || entry_id AS what, posting_date AS day, recorded_at FROM journal_entry
                UNION ALL SELECT 'movement ' || id, recorded_day, recorded_at FROM movement
            ) AS each JOIN business_day AS next ON next.day = each.day + 1
            WHERE recorded_at > next.turned_at + interval '60 seconds'
        """,
    ),
    Rule(
        name="days-open-in-time",
        invariant="23",
        sentence="No day takes longer than a quarter of an hour to open once those before it were worked.",
        compared="SELECT count(*) FROM business_day",
        wrong="""
            SELECT 'day ' || day || ', ' || state || ' since ' || coalesce(turned_at, asked_at) FROM business_day
            WHERE state = 'marking' AND coalesce(turned_at, asked_at) < now() - interval '15 minutes'
        """,
    ),
)
