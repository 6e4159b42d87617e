"""Make the tables of limits, light, terms and holds: one row for each customer, his open disputes, every hold."""

from alembic import op

revision = "0005"
down_revision = "0004"

_TABLES = (
    # What is derived anew whenever an input changes; oldest_due_date to paid_invoices sum up what was heard of debts.
    """
    CREATE TABLE risk (
        customer_id uuid PRIMARY KEY REFERENCES customer,
        partition_no smallint NOT NULL,
        light text NOT NULL CHECK (light IN ('green', 'yellow', 'red')),
        light_reasons jsonb NOT NULL,
        terms_days integer CHECK (terms_days >= 0),
        terms_reasons jsonb NOT NULL,
        oldest_due_date date,
        promises_broken jsonb NOT NULL,
        first_invoice_date date,
        paid_invoices integer NOT NULL CHECK (paid_invoices >= 0),
        growth_steps integer NOT NULL CHECK (growth_steps >= 0),
        quarter_start date,
        limit_source text CHECK (limit_source IN ('by_hand', 'computed', 'temporary')),
        given_minor bigint CHECK (given_minor >= 0),
        given_currency char(3),
        computed_minor bigint CHECK (computed_minor >= 0),
        computed_currency char(3),
        temporary_minor bigint CHECK (temporary_minor >= 0),
        temporary_currency char(3),
        temporary_until date,
        secured_minor bigint CHECK (secured_minor >= 0),
        secured_currency char(3),
        hold_id uuid,
        CHECK ((given_minor IS NULL) = (given_currency IS NULL)),
        CHECK ((computed_minor IS NULL) = (computed_currency IS NULL)),
        CHECK ((temporary_minor IS NULL) = (temporary_currency IS NULL)),
        CHECK ((temporary_minor IS NULL) = (temporary_until IS NULL)),
        CHECK ((secured_minor IS NULL) = (secured_currency IS NULL))
    )
    """,
    # Every limit so far was given by hand.
    """
    INSERT INTO risk (customer_id, partition_no, light, light_reasons, terms_reasons, promises_broken, paid_invoices,
                      growth_steps, limit_source, given_minor, given_currency)
    SELECT customer_id, partition_no, 'green', '[]', '[]', '[]', 0, 0, 'by_hand', limit_minor, limit_currency
    FROM profile WHERE limit_minor IS NOT NULL
    """,
    """
    CREATE TABLE open_dispute (
        dispute_id uuid PRIMARY KEY,
        customer_id uuid NOT NULL REFERENCES customer,
        partition_no smallint NOT NULL,
        instalment_id uuid NOT NULL,
        amount_minor bigint NOT NULL CHECK (amount_minor > 0)
    )
    """,
    "CREATE INDEX open_dispute_customer ON open_dispute (customer_id)",
    """
    CREATE TABLE hold (
        hold_id uuid PRIMARY KEY,
        customer_id uuid NOT NULL REFERENCES customer,
        partition_no smallint NOT NULL,
        reason text NOT NULL,
        request_id uuid NOT NULL,
        placed_date date NOT NULL,
        lifted_date date,
        lift_reason text CHECK (lift_reason IN ('paid', 'secured', 'decided')),
        lifted_by text,
        approver text,
        note text,
        CHECK ((lifted_date IS NULL) = (lift_reason IS NULL)),
        CHECK ((lift_reason IN ('secured', 'decided')) = (approver IS NOT NULL))
    )
    """,
    "CREATE UNIQUE INDEX hold_open ON hold (customer_id) WHERE lifted_date IS NULL",
    "CREATE INDEX hold_customer ON hold (customer_id, hold_id)",
)


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DELETE FROM timer WHERE kind = 'risk'")
    for table in ("hold", "open_dispute", "risk"):
        op.execute(f"DROP TABLE {table}")
