"""Make the tables of scores: scorecards that were loaded, scores as computed, gradings, and decided overrides."""

from alembic import op

revision = "0004"
down_revision = "0003"

_TABLES = (
    """
    CREATE TABLE scorecard (
        name text NOT NULL,
        version integer NOT NULL CHECK (version > 0),
        effective_from date NOT NULL,
        document text NOT NULL,
        loaded_by text NOT NULL,
        loaded_at timestamptz NOT NULL,
        PRIMARY KEY (name, version)
    )
    """,
    # Append-only: each score that differs from the one before, with all its parts and what caused it.
    """
    CREATE TABLE score (
        score_id uuid PRIMARY KEY,
        customer_id uuid NOT NULL REFERENCES customer,
        partition_no smallint NOT NULL,
        business_date date NOT NULL,
        scorecard text NOT NULL,
        scorecard_version integer NOT NULL,
        points integer NOT NULL,
        grade char(1) NOT NULL CHECK (grade IN ('A', 'B', 'C', 'D')),
        known_pct integer NOT NULL,
        parts jsonb NOT NULL,
        cause_id uuid NOT NULL,
        actor text NOT NULL,
        recorded_at timestamptz NOT NULL,
        batch_ordinal integer NOT NULL,
        ordinal bigint GENERATED ALWAYS AS IDENTITY
    )
    """,
    "CREATE INDEX score_customer ON score (customer_id, ordinal)",
    """
    CREATE TABLE grade_override (
        override_id uuid PRIMARY KEY,
        customer_id uuid NOT NULL REFERENCES customer,
        partition_no smallint NOT NULL,
        grade char(1) NOT NULL CHECK (grade IN ('A', 'B', 'C', 'D')),
        end_date date NOT NULL,
        reason text NOT NULL,
        state text NOT NULL CHECK (state IN ('asked', 'approved', 'refused', 'ended')),
        asked_by text NOT NULL,
        asked_date date NOT NULL,
        decided_by text,
        decided_date date,
        ended_date date,
        CHECK ((state = 'asked') = (decided_by IS NULL)),
        CHECK (decided_by <> asked_by)
    )
    """,
    "CREATE INDEX grade_override_customer ON grade_override (customer_id)",
    "CREATE UNIQUE INDEX grade_override_one ON grade_override (customer_id) WHERE state = 'approved'",
    # The customer's own grade; profile.grade is the one that counts: that of the override, while one lasts.
    """
    CREATE TABLE grading (
        customer_id uuid PRIMARY KEY REFERENCES customer,
        own char(1) CHECK (own IN ('A', 'B', 'C', 'D')),
        basis text CHECK (basis IN ('by_hand', 'scored')),
        since date,
        CHECK ((own IS NULL) = (basis IS NULL)),
        CHECK ((own IS NULL) = (since IS NULL))
    )
    """,
    """
    INSERT INTO grading (customer_id, own, basis, since)
    SELECT p.customer_id, p.grade, 'by_hand', coalesce(max(c.business_date), current_date)
    FROM profile AS p LEFT JOIN recorded_change AS c ON c.customer_id = p.customer_id AND c.field = 'grade'
    WHERE p.grade IS NOT NULL GROUP BY p.customer_id, p.grade
    """,
    # Who is known already is reviewed from the first day on that the service works.
    """
    WITH due AS (
        INSERT INTO timer (customer_id, kind, due_date) SELECT customer_id, 'review', '1990-01-01' FROM profile
        RETURNING customer_id, due_date
    )
    UPDATE customer AS c SET next_date = due.due_date FROM due WHERE due.customer_id = c.customer_id
    """,
)


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DELETE FROM timer WHERE kind IN ('review', 'override')")
    op.execute("""
        UPDATE customer AS c
        SET next_date = (SELECT min(t.due_date) FROM timer AS t WHERE t.customer_id = c.customer_id)
    """)
    for table in ("grading", "grade_override", "score", "scorecard"):
        op.execute(f"DROP TABLE {table}")
