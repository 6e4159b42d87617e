"""The tables of messaging and requests, and what collections knows of debts and debtors."""

from alembic import op
from sqlalchemy import MetaData
from sqlalchemy.schema import CreateIndex, CreateTable

from shared.messaging.schema import VERSION_1
from shared.web.idempotency_store import idempotency_table

revision = "0001"
down_revision = None

OWN = (
    """
    CREATE TABLE entity (
        entity text PRIMARY KEY,
        name text NOT NULL,
        country char(2) NOT NULL,
        zone text NOT NULL,
        currency char(3) NOT NULL
    )
    """,
    """
    CREATE TABLE customer_profile (
        customer_id uuid PRIMARY KEY,
        customer_number text,
        kind text,
        country char(2),
        industry text,
        grade char(1),
        key_customer boolean NOT NULL,
        partition_no smallint NOT NULL
    )
    """,
    """
    CREATE TABLE receivable (
        instalment_id uuid PRIMARY KEY,
        customer_id uuid NOT NULL,
        entity text NOT NULL,
        invoice_id uuid NOT NULL,
        invoice_number text NOT NULL,
        ordinal integer NOT NULL CHECK (ordinal >= 1),
        due_date date NOT NULL,
        currency char(3) NOT NULL,
        open_minor bigint NOT NULL CHECK (open_minor >= 0),
        episode integer NOT NULL CHECK (episode >= 1),
        known_date date NOT NULL,
        penalty_pct_per_day numeric NOT NULL CHECK (penalty_pct_per_day <> 'NaN'),
        dunning_from date,
        issued boolean NOT NULL,
        partition_no smallint NOT NULL
    )
    """,
    "CREATE INDEX receivable_open ON receivable (customer_id) WHERE open_minor > 0",
    "CREATE INDEX receivable_invoice ON receivable (customer_id, invoice_number)",
)


def upgrade() -> None:
    idempotency = idempotency_table(MetaData())
    for statement in VERSION_1:
        op.execute(statement)
    op.execute(CreateTable(idempotency))
    for index in sorted(idempotency.indexes, key=lambda each: str(each.name)):
        op.execute(CreateIndex(index))
    for statement in OWN:
        op.execute(statement)
