"""What messaging must show in every database: numbers without holes, nothing late, parked or stopped."""

from checker.rules import Rule

RULES = (
    Rule(
        name="outbox-numbered",
        invariant="7",
        sentence="The outbox's numbers have no hole up to the last one given out, whose event the head names.",
        compared="SELECT count(*) FROM outbox WHERE sequence IS NOT NULL",
        wrong="""
            SELECT 'partition ' || partition_no || ', epoch ' || epoch || ': ' || count(*) || ' rows from '
                || min(o.sequence) || ' to ' || max(o.sequence) || ', head at ' || h.sequence
            FROM outbox AS o JOIN stream_head AS h USING (partition_no, epoch) WHERE o.sequence IS NOT NULL
            GROUP BY partition_no, epoch, h.sequence
            HAVING count(*) <> max(o.sequence) - min(o.sequence) + 1 OR max(o.sequence) <> h.sequence
            UNION ALL
            SELECT 'partition ' || partition_no || ': head names event '
                || coalesce(CAST(h.last_event_id AS text), 'none') || ', number ' || h.sequence || ' is ' || o.event_id
            FROM outbox AS o JOIN stream_head AS h USING (partition_no, epoch, sequence)
            WHERE h.last_event_id IS DISTINCT FROM o.event_id
            UNION ALL
            SELECT DISTINCT 'partition ' || partition_no || ': no head' FROM outbox AS o
            WHERE partition_no NOT IN (SELECT partition_no FROM stream_head)
        """,
    ),
    Rule(
        name="outbox-fresh",
        invariant="8",
        sentence="No event waits longer than a minute for Kafka.",
        compared="SELECT count(*) FROM outbox",
        wrong="""
            SELECT 'event ' || event_id || ' since ' || recorded_at
            FROM outbox AS o LEFT JOIN stream_head AS h USING (partition_no, epoch)
            WHERE o.recorded_at < now() - interval '60 seconds'
              AND (o.sequence IS NULL OR o.sequence > h.acknowledged_sequence)
        """,
    ),
    Rule(
        name="nothing-parked",
        invariant="10",
        sentence="No customer is parked, and no record is in quarantine.",
        compared="SELECT (SELECT count(*) FROM customer) + (SELECT count(*) FROM quarantine)",
        wrong="""
            SELECT 'customer ' || customer_id || ' since ' || parked_at FROM customer WHERE parked_at IS NOT NULL
            UNION ALL
            SELECT topic || '/' || partition_no || ' offset ' || record_offset FROM quarantine
        """,
    ),
    Rule(
        name="nothing-stopped",
        invariant="11",
        sentence="No partition stands still because a number is missing or another history came.",
        compared="SELECT count(*) FROM stream_position",
        wrong="""
            SELECT topic || '/' || partition_no || ': ' || stopped_reason FROM stream_position
            WHERE stopped_at IS NOT NULL
        """,
    ),
    Rule(
        name="answers-kept",
        invariant="18",
        sentence="Every Idempotency-Key has its one answer.",
        compared="SELECT count(*) FROM idempotency",
        wrong="SELECT route || ' since ' || created_at FROM idempotency WHERE status IS NULL",
    ),
    Rule(
        name="days-end-in-time",
        invariant="23",
        sentence="No service works longer than an hour on a day that it has begun.",
        compared="SELECT count(*) FROM day_seen WHERE work_day IS NOT NULL",
        wrong="""
            SELECT 'partition ' || partition_no || ': day ' || work_day || ', begun at ' || (header ->> 1)
            FROM day_seen CROSS JOIN LATERAL jsonb_array_elements(work_marker) AS header
            WHERE worked_at IS NULL AND header ->> 0 = 'ce_time'
              AND CAST(header ->> 1 AS timestamptz) < now() - interval '1 hour'
        """,
    ),
)
