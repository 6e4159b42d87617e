"""The tables that messaging needs in every service's database, as versioned steps for the services' migrations."""

VERSION_1: tuple[str, ...] = (
    """
    CREATE TABLE customer (
        customer_id uuid PRIMARY KEY,
        partition_no smallint NOT NULL,
        next_date date,
        parked_at timestamptz
    )
    """,
    "CREATE INDEX customer_next_date ON customer (partition_no, next_date) WHERE parked_at IS NULL",
    "CREATE INDEX customer_parked ON customer (partition_no) WHERE parked_at IS NOT NULL",
    # One round trip for the rule that missing rows are inserted first and all are locked in order of id.
    """
    CREATE FUNCTION lock_customers(ids uuid[], partitions smallint[], skip boolean)
    RETURNS TABLE (customer_id uuid, partition_no smallint, parked_at timestamptz, next_date date)
    LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO customer AS c (customer_id, partition_no)
        SELECT w.id, w.p FROM unnest(ids, partitions) AS w(id, p)
        WHERE NOT EXISTS (SELECT FROM customer AS k WHERE k.customer_id = w.id)
        ORDER BY w.id ON CONFLICT DO NOTHING;
        IF skip THEN
            RETURN QUERY SELECT c.customer_id, c.partition_no, c.parked_at, c.next_date FROM customer AS c
            WHERE c.customer_id = ANY (ids) ORDER BY c.customer_id FOR NO KEY UPDATE SKIP LOCKED;
        ELSE
            RETURN QUERY SELECT c.customer_id, c.partition_no, c.parked_at, c.next_date FROM customer AS c
            WHERE c.customer_id = ANY (ids) ORDER BY c.customer_id FOR NO KEY UPDATE;
        END IF;
    END $$
    """,
    """
    CREATE TABLE outbox (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        batch_ordinal integer NOT NULL,
        event_id uuid NOT NULL UNIQUE,
        wire text NOT NULL,
        partition_no smallint NOT NULL,
        customer_id uuid,
        subject text NOT NULL,
        recorded_at timestamptz NOT NULL,
        business_date date NOT NULL,
        effective_date date NOT NULL,
        correlation_id text NOT NULL,
        causation_id uuid NOT NULL,
        actor text NOT NULL,
        traceparent text NOT NULL,
        body text NOT NULL,
        epoch integer,
        sequence bigint,
        previous_id uuid,
        CHECK ((epoch IS NULL) = (sequence IS NULL))
    )
    """,
    "CREATE INDEX outbox_unnumbered ON outbox (id) WHERE sequence IS NULL",
    "CREATE UNIQUE INDEX outbox_position ON outbox (partition_no, epoch, sequence) WHERE sequence IS NOT NULL",
    """
    CREATE TABLE stream_head (
        partition_no smallint PRIMARY KEY,
        epoch integer NOT NULL DEFAULT 1,
        sequence bigint NOT NULL DEFAULT 0,
        last_event_id uuid,
        acknowledged_sequence bigint NOT NULL DEFAULT 0,
        CHECK (acknowledged_sequence <= sequence)
    )
    """,
    """
    CREATE TABLE stream_position (
        topic text NOT NULL,
        partition_no smallint NOT NULL,
        epoch integer NOT NULL DEFAULT 0,
        sequence bigint NOT NULL DEFAULT 0,
        next_offset bigint NOT NULL DEFAULT 0,
        last_event_id uuid,
        stopped_at timestamptz,
        stopped_reason text,
        PRIMARY KEY (topic, partition_no)
    )
    """,
    """
    CREATE TABLE quarantine (
        topic text NOT NULL,
        partition_no smallint NOT NULL,
        record_offset bigint NOT NULL,
        headers jsonb NOT NULL,
        body bytea,
        reason text NOT NULL,
        quarantined_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (topic, partition_no, record_offset)
    )
    """,
    """
    CREATE TABLE parked_item (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        ordinal integer NOT NULL,
        customer_id uuid NOT NULL REFERENCES customer,
        topic text NOT NULL,
        headers jsonb NOT NULL,
        body text,
        day date,
        cause text,
        parked_at timestamptz NOT NULL DEFAULT now(),
        CHECK ((body IS NULL) <> (day IS NULL))
    )
    """,
    "CREATE INDEX parked_item_customer ON parked_item (customer_id, id)",
    """
    CREATE TABLE day_seen (
        partition_no smallint PRIMARY KEY,
        day date,
        work_day date,
        work_marker jsonb,
        worked_at timestamptz
    )
    """,
)

VERSION_2: tuple[str, ...] = (
    # What was taken out of a parked customer's queue for good: it stays as it waited.
    """
    CREATE TABLE discarded_item (
        item_id bigint PRIMARY KEY,
        customer_id uuid NOT NULL REFERENCES customer,
        topic text NOT NULL,
        headers jsonb NOT NULL,
        body text,
        day date,
        cause text,
        parked_at timestamptz NOT NULL,
        discarded_by text NOT NULL,
        reason text,
        discarded_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE INDEX discarded_item_customer ON discarded_item (customer_id, item_id)",
)

VERSION_3: tuple[str, ...] = (
    # How far the broker had a partition of the outbox, and when: by it rows are pruned.
    """
    CREATE TABLE acknowledged_mark (
        partition_no smallint NOT NULL,
        epoch integer NOT NULL,
        sequence bigint NOT NULL,
        noted_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (partition_no, noted_at)
    )
    """,
    # What the broker has without its body is kept until it has it whole: the body is nowhere else.
    "ALTER TABLE outbox ADD COLUMN withheld boolean NOT NULL DEFAULT false",
    # How far a reader had come in the epoch before the one it is in.
    """
    ALTER TABLE stream_position
        ADD COLUMN ended_epoch integer NOT NULL DEFAULT 0, ADD COLUMN ended_sequence bigint NOT NULL DEFAULT 0
    """,
)

UNDO_VERSION_3: tuple[str, ...] = (
    "ALTER TABLE stream_position DROP COLUMN ended_epoch, DROP COLUMN ended_sequence",
    "ALTER TABLE outbox DROP COLUMN withheld",
    "DROP TABLE acknowledged_mark",
)
