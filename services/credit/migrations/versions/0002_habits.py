"""Make the tables of habits: every instalment and promise as it was known on each day; and the timers of customers."""

from alembic import op

revision = "0002"
down_revision = "0001"

_TABLES = (
    # One row for each state in which an instalment was known at the end of a day: from known_from until before
    # known_to. What the habit was on a past day, as known then, is therefore read like that of today.
    """
    CREATE TABLE instalment (
        instalment_id uuid NOT NULL,
        known_from date NOT NULL,
        known_to date NOT NULL DEFAULT 'infinity',
        customer_id uuid NOT NULL REFERENCES customer,
        partition_no smallint NOT NULL,
        invoice_id uuid NOT NULL,
        issue_date date,
        due_date date NOT NULL,
        currency char(3) NOT NULL,
        amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
        open_minor bigint NOT NULL CHECK (open_minor >= 0),
        paid_minor bigint NOT NULL,
        moved_date date,
        PRIMARY KEY (instalment_id, known_from),
        CHECK (known_from < known_to)
    )
    """,
    "CREATE INDEX instalment_customer ON instalment (customer_id, known_to)",
    "CREATE INDEX instalment_invoice ON instalment (invoice_id) WHERE known_to = 'infinity'",
    # Append-only: a promise that was kept may yet be broken by a payment that bounces.
    """
    CREATE TABLE promise_end (
        promise_id uuid NOT NULL,
        event_id uuid NOT NULL,
        customer_id uuid NOT NULL REFERENCES customer,
        partition_no smallint NOT NULL,
        outcome text NOT NULL CHECK (outcome IN ('kept', 'partly_kept', 'broken')),
        ended_date date NOT NULL,
        known_date date NOT NULL,
        batch_ordinal integer NOT NULL,
        ordinal bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY (promise_id, event_id)
    )
    """,
    "CREATE INDEX promise_end_customer ON promise_end (customer_id)",
    # What the day's work has to look after, by kind; the customer's next date is the first of them.
    """
    CREATE TABLE timer (
        customer_id uuid NOT NULL REFERENCES customer,
        kind text NOT NULL,
        due_date date NOT NULL,
        PRIMARY KEY (customer_id, kind)
    )
    """,
    """
    INSERT INTO timer (customer_id, kind, due_date)
    SELECT customer_id, 'reservation', next_date FROM customer WHERE next_date IS NOT NULL
    """,
)


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)


def downgrade() -> None:
    for table in ("timer", "promise_end", "instalment"):
        op.execute(f"DROP TABLE {table}")
