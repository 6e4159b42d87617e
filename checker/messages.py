"""What notifications' own database must show: each message decided and sent once, on fresh facts (invariants 12-14)."""

from checker.rules import Rule

_GONE = "('claimed', 'sent', 'unknown')"

RULES = (
    Rule(
        name="message-once",
        invariant="12",
        sentence="The decision to send is made once per channel, entity, customer, purpose, step and planned date.",
        compared=f"SELECT count(*) FROM message WHERE state IN {_GONE}",
        wrong=f"""
            SELECT 'customer ' || customer_id || ', ' || step || ' of ' || planned_date || ': ' || count(*)
            FROM message WHERE state IN {_GONE}
            GROUP BY channel, entity, customer_id, purpose, step, planned_date HAVING count(*) > 1
        """,
    ),
    Rule(
        name="line-once",
        invariant="12",
        sentence="Each debt is told once per channel, instalment, step and episode.",
        compared=f"""
            SELECT count(*) FROM message_line JOIN message USING (message_id)
            WHERE state IN {_GONE} AND message_line.step IS NOT NULL AND dropped_reason IS NULL
        """,
        wrong=f"""
            SELECT 'instalment ' || l.instalment_id || ', ' || l.step || ', episode ' || l.episode || ': ' || count(*)
            FROM message_line AS l JOIN message AS m USING (message_id)
            WHERE m.state IN {_GONE} AND l.step IS NOT NULL AND l.dropped_reason IS NULL
            GROUP BY m.channel, l.instalment_id, l.step, l.episode HAVING count(*) > 1
        """,
    ),
    Rule(
        name="sent-by-attempt",
        invariant="12",
        sentence="What was sent has exactly one attempt that succeeded, unless a person, or a topic, says that it was.",
        compared="SELECT count(*) FROM message WHERE state = 'sent'",
        wrong="""
            SELECT 'message ' || m.message_id || ': ' || count(a.message_id) || ' successes'
            FROM message AS m LEFT JOIN attempt AS a ON a.message_id = m.message_id AND a.outcome = 'taken'
            WHERE m.state = 'sent' AND m.resolution IS NULL AND m.reason IS DISTINCT FROM 'told_before'
            GROUP BY m.message_id HAVING count(a.message_id) <> 1
        """,
    ),
    Rule(
        name="success-once",
        invariant="12",
        sentence="No message has two attempts that succeeded.",
        compared="SELECT count(*) FROM attempt WHERE outcome = 'taken'",
        wrong="""
            SELECT 'message ' || message_id || ': ' || count(*) || ' successes'
            FROM attempt WHERE outcome = 'taken' GROUP BY message_id HAVING count(*) > 1
        """,
    ),
    Rule(
        name="looked-at",
        invariant="12",
        sentence="No letter went that a person had yet to look at: what was edited was approved as it reads.",
        compared=f"SELECT count(*) FROM message WHERE formal AND state IN {_GONE}",
        wrong=f"""
            SELECT 'message ' || message_id || ', edition ' || edition
            FROM message WHERE state IN {_GONE} AND (edition > 0 OR look <> 'none')
             AND approved_edition IS DISTINCT FROM edition AND reason IS DISTINCT FROM 'told_before'
        """,
    ),
    Rule(
        name="sent-to-their-own",
        invariant="13",
        sentence="Every attempt goes to a person of the message's own customer, on its channel, and is counted.",
        compared="SELECT count(*) FROM attempt",
        wrong="""
            SELECT 'message ' || m.message_id || ', attempt ' || a.attempt_no || ': contact ' || a.contact_point_id
            FROM attempt AS a JOIN message AS m USING (message_id) LEFT JOIN contact_point AS c USING (contact_point_id)
            WHERE c.customer_id IS DISTINCT FROM m.customer_id OR a.channel <> m.channel
            UNION ALL
            SELECT 'message ' || m.message_id || ': ' || m.attempts || ' attempts, made ' || count(a.attempt_no)
            FROM message AS m LEFT JOIN attempt AS a USING (message_id)
            WHERE m.reason IS DISTINCT FROM 'told_before'
            GROUP BY m.message_id, m.attempts HAVING m.attempts <> count(a.attempt_no)
                OR m.attempts <> coalesce(max(a.attempt_no), 0)
        """,
    ),
    Rule(
        name="unknown-decided",
        invariant="12",
        sentence="No message's fate is unknown for longer than a day.",
        compared="SELECT count(*) FROM message WHERE state = 'unknown'",
        wrong="""
            SELECT 'message ' || message_id || ' since ' || changed_at
            FROM message WHERE state = 'unknown' AND changed_at < now() - interval '24 hours'
        """,
    ),
    Rule(
        name="claimed-on-fresh-positions",
        invariant="13",
        sentence="Nothing was sent on positions older than ten seconds.",
        compared="SELECT count(*) FROM attempt",
        wrong="""
            SELECT 'message ' || message_id || ', attempt ' || attempt_no || ': ' || (begun_at - positions_at)
            FROM attempt
            WHERE begun_at - positions_at NOT BETWEEN interval '-10 seconds' AND interval '10 seconds'
        """,
    ),
    Rule(
        name="caps-kept",
        invariant="14",
        sentence="No customer was reminded more than once a day, nor more than three times in seven days.",
        compared=f"SELECT count(*) FROM message WHERE state IN {_GONE}",
        wrong=f"""
            WITH said AS (SELECT DISTINCT customer_id, reminder_id, civil_date FROM message WHERE state IN {_GONE})
            SELECT 'customer ' || m.customer_id || ' in the week from ' || m.civil_date || ': ' || count(*)
            FROM said AS m JOIN said AS n ON n.customer_id = m.customer_id
             AND n.civil_date BETWEEN m.civil_date AND m.civil_date + 6
            GROUP BY m.customer_id, m.civil_date, m.reminder_id
            HAVING count(*) > 3 OR count(*) FILTER (WHERE n.civil_date = m.civil_date) > 1
        """,
    ),
    Rule(
        name="quiet-hours-kept",
        invariant="14",
        sentence="Automatic messages go from 9 to 18 o'clock of their recipient, those by hand from 8 to 22.",
        compared="SELECT count(*) FROM attempt",
        wrong="""
            SELECT 'message ' || message_id || ', attempt ' || attempt_no || ' at ' || local
            FROM (
                SELECT a.message_id, a.attempt_no, m.by_hand, a.civil_at AT TIME ZONE c.zone AS local
                FROM attempt AS a JOIN message AS m USING (message_id) JOIN contact_point AS c USING (contact_point_id)
            ) AS each
            WHERE extract(hour FROM local) NOT BETWEEN CASE WHEN by_hand THEN 8 ELSE 9 END
                                                   AND CASE WHEN by_hand THEN 21 ELSE 17 END
        """,
    ),
    Rule(
        name="attempts-end",
        invariant="23",
        sentence="No attempt to send is without an end five minutes after its lease ran out.",
        compared="SELECT count(*) FROM attempt",
        wrong="""
            SELECT 'message ' || message_id || ', attempt ' || attempt_no || ': leased until ' || lease_until
            FROM attempt WHERE outcome IS NULL AND lease_until < now() - interval '5 minutes'
        """,
    ),
)
