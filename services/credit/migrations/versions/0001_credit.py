"""Make the tables of credit: profiles and limits, what customers owe, reservations, and every check answered."""

from alembic import op
from sqlalchemy import MetaData
from sqlalchemy.schema import CreateIndex, CreateTable

from shared.messaging import schema
from shared.web.idempotency_store import idempotency_table

revision = "0001"
down_revision = None

_TABLES = (
    """
    CREATE TABLE customer_group (
        group_code text PRIMARY KEY,
        limit_minor bigint CHECK (limit_minor >= 0),
        limit_currency char(3),
        CHECK ((limit_minor IS NULL) = (limit_currency IS NULL))
    )
    """,
    # A customer may be known by his invoices alone; then this row is missing.
    """
    CREATE TABLE profile (
        customer_id uuid PRIMARY KEY REFERENCES customer,
        partition_no smallint NOT NULL,
        customer_number text NOT NULL,
        name text NOT NULL,
        tax_number text,
        kind text NOT NULL CHECK (kind IN ('company', 'public_body', 'sole_trader')),
        country char(2) NOT NULL,
        industry text,
        group_code text REFERENCES customer_group,
        grade char(1) CHECK (grade IN ('A', 'B', 'C', 'D')),
        key_customer boolean NOT NULL,
        limit_minor bigint CHECK (limit_minor >= 0),
        limit_currency char(3),
        blacklist_reason text,
        insolvency_date date,
        version integer NOT NULL CHECK (version > 0),
        CHECK ((limit_minor IS NULL) = (limit_currency IS NULL))
    )
    """,
    "CREATE UNIQUE INDEX profile_customer_number ON profile (customer_number)",
    "CREATE INDEX profile_group ON profile (group_code) WHERE group_code IS NOT NULL",
    # Append-only: what changed, from what to what, where it came from, who brought it and when.
    """
    CREATE TABLE recorded_change (
        change_id uuid PRIMARY KEY,
        subject text NOT NULL,
        customer_id uuid REFERENCES customer,
        partition_no smallint,
        field text NOT NULL,
        before jsonb NOT NULL,
        after jsonb NOT NULL,
        reason text,
        source text NOT NULL,
        actor text NOT NULL,
        correlation_id text NOT NULL,
        business_date date NOT NULL,
        recorded_at timestamptz NOT NULL,
        batch_ordinal integer NOT NULL,
        ordinal bigint GENERATED ALWAYS AS IDENTITY
    )
    """,
    "CREATE INDEX recorded_change_subject ON recorded_change (subject, ordinal)",
    """
    CREATE TABLE balance (
        customer_id uuid NOT NULL REFERENCES customer,
        entity text NOT NULL,
        currency char(3) NOT NULL,
        partition_no smallint NOT NULL,
        open_minor bigint NOT NULL CHECK (open_minor >= 0),
        unapplied_minor bigint NOT NULL CHECK (unapplied_minor >= 0),
        PRIMARY KEY (customer_id, entity, currency)
    )
    """,
    # matched_minor: how much of the invoice has taken the place of an order's reservation.
    """
    CREATE TABLE receivable (
        invoice_id uuid PRIMARY KEY,
        customer_id uuid NOT NULL REFERENCES customer,
        partition_no smallint NOT NULL,
        entity text NOT NULL,
        number text NOT NULL,
        order_number text,
        currency char(3) NOT NULL,
        total_minor bigint NOT NULL CHECK (total_minor >= 0),
        open_minor bigint NOT NULL CHECK (open_minor BETWEEN 0 AND total_minor),
        matched_minor bigint NOT NULL CHECK (matched_minor BETWEEN 0 AND total_minor)
    )
    """,
    """
    CREATE INDEX receivable_unmatched ON receivable (customer_id, order_number)
    WHERE order_number IS NOT NULL AND matched_minor < total_minor
    """,
    """
    CREATE TABLE credit_check (
        check_id uuid PRIMARY KEY,
        customer_id uuid NOT NULL REFERENCES customer,
        partition_no smallint NOT NULL,
        order_number text NOT NULL,
        currency char(3) NOT NULL,
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        decision text NOT NULL CHECK (decision IN ('approve', 'prepayment', 'refuse')),
        answer jsonb NOT NULL,
        actor text NOT NULL,
        business_date date NOT NULL,
        recorded_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX credit_check_customer ON credit_check (customer_id, recorded_at, check_id)",
    "CREATE INDEX credit_check_recorded ON credit_check (recorded_at, check_id)",
    """
    CREATE TABLE reservation (
        reservation_id uuid PRIMARY KEY,
        check_id uuid NOT NULL REFERENCES credit_check,
        customer_id uuid NOT NULL REFERENCES customer,
        partition_no smallint NOT NULL,
        order_number text NOT NULL,
        currency char(3) NOT NULL,
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        rest_minor bigint NOT NULL CHECK (rest_minor BETWEEN 0 AND amount_minor),
        state text NOT NULL CHECK (state IN ('live', 'consumed', 'released', 'expired')),
        expires_date date NOT NULL,
        closed_date date,
        CHECK ((state = 'live') = (rest_minor > 0)),
        CHECK ((state = 'live') = (closed_date IS NULL))
    )
    """,
    "CREATE INDEX reservation_live ON reservation (customer_id) WHERE state = 'live'",
    "CREATE INDEX reservation_customer ON reservation (customer_id, reservation_id)",
    """
    CREATE TABLE exchange_rate (
        posting bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        base_currency char(3) NOT NULL,
        quote_currency char(3) NOT NULL,
        rate numeric(24, 10) NOT NULL CHECK (rate > 0),
        rate_date date NOT NULL,
        actor text NOT NULL,
        recorded_at timestamptz NOT NULL,
        CHECK (base_currency <> quote_currency)
    )
    """,
    "CREATE INDEX exchange_rate_newest ON exchange_rate (base_currency, quote_currency, rate_date DESC, posting DESC)",
    # The report names lines and columns, never what stood there.
    """
    CREATE TABLE customer_import (
        import_id uuid PRIMARY KEY,
        actor text NOT NULL,
        recorded_at timestamptz NOT NULL,
        report jsonb NOT NULL
    )
    """,
    # What counts against a limit: open + reserved - unapplied (C5), one row for each balance and live reservation.
    """
    CREATE VIEW exposure_part AS
    SELECT customer_id, currency, open_minor, CAST(0 AS bigint) AS reserved_minor, unapplied_minor FROM balance
    UNION ALL
    SELECT customer_id, currency, 0, rest_minor, 0 FROM reservation WHERE state = 'live'
    """,
    """
    CREATE VIEW exposure AS
    SELECT customer_id, currency, CAST(sum(open_minor) AS bigint) AS open_minor,
           CAST(sum(reserved_minor) AS bigint) AS reserved_minor,
           CAST(sum(unapplied_minor) AS bigint) AS unapplied_minor
    FROM exposure_part GROUP BY customer_id, currency
    """,
)


def upgrade() -> None:
    for statement in schema.VERSION_1:
        op.execute(statement)
    idempotency = idempotency_table(MetaData())
    op.execute(CreateTable(idempotency))
    for index in idempotency.indexes:
        op.execute(CreateIndex(index))
    for statement in _TABLES:
        op.execute(statement)
