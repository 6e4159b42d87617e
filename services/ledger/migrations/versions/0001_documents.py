"""The ledger's documents: entities, contracts, invoices and their instalments, payments, credit notes."""

from alembic import op
from sqlalchemy import MetaData

from shared.messaging import schema as messaging
from shared.web.idempotency_store import idempotency_table

revision = "0001"
down_revision = None

DOCUMENTS = (
    """
    CREATE TABLE entity (
        entity text PRIMARY KEY,
        name text NOT NULL,
        country char(2) NOT NULL,
        zone text NOT NULL,
        currency char(3) NOT NULL,
        accounts text NOT NULL CHECK (accounts IN ('china', 'ifrs')),
        payee jsonb NOT NULL,
        recorded_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE contract (
        contract_id uuid PRIMARY KEY,
        entity text NOT NULL,
        reference text NOT NULL,
        customer_id uuid NOT NULL,
        customer_number text NOT NULL,
        partition_no smallint NOT NULL,
        currency char(3) NOT NULL,
        terms jsonb NOT NULL,
        penalty_pct_per_day numeric NOT NULL CHECK (penalty_pct_per_day BETWEEN 0 AND 100),
        security_rank smallint NOT NULL CHECK (security_rank >= 0),
        allocation text NOT NULL CHECK (allocation IN ('principal_first', 'costs_interest_principal')),
        recorded_day date NOT NULL,
        recorded_at timestamptz NOT NULL,
        UNIQUE (entity, reference)
    )
    """,
    "CREATE INDEX contract_customer ON contract (customer_id)",
    """
    CREATE TABLE invoice (
        invoice_id uuid PRIMARY KEY,
        entity text NOT NULL,
        number text NOT NULL,
        customer_id uuid NOT NULL,
        customer_number text NOT NULL,
        partition_no smallint NOT NULL,
        contract_id uuid,
        order_number text,
        issue_date date NOT NULL,
        currency char(3) NOT NULL,
        lines jsonb NOT NULL,
        tax_minor bigint NOT NULL CHECK (tax_minor >= 0),
        total_minor bigint NOT NULL CHECK (total_minor > 0),
        open_minor bigint NOT NULL CHECK (open_minor BETWEEN 0 AND total_minor),
        penalty_pct_per_day numeric NOT NULL CHECK (penalty_pct_per_day BETWEEN 0 AND 100),
        security_rank smallint NOT NULL CHECK (security_rank >= 0),
        -- The latest date on which something moved its open amount: when nothing is open, the date it was settled.
        last_effective_date date NOT NULL,
        -- pending: its issue date has not come; what is settled is issued with nothing open.
        state text NOT NULL CHECK (state IN ('pending', 'issued', 'cancelled')),
        content_hash bytea NOT NULL,
        recorded_day date NOT NULL,
        recorded_at timestamptz NOT NULL,
        UNIQUE (entity, number),
        CHECK (state <> 'cancelled' OR open_minor = 0)
    )
    """,
    "CREATE INDEX invoice_customer ON invoice (customer_id, invoice_id)",
    "CREATE INDEX invoice_pending ON invoice (issue_date) WHERE state = 'pending'",
    """
    CREATE TABLE instalment (
        instalment_id uuid PRIMARY KEY,
        invoice_id uuid NOT NULL REFERENCES invoice,
        ordinal smallint NOT NULL CHECK (ordinal >= 1),
        customer_id uuid NOT NULL,
        partition_no smallint NOT NULL,
        entity text NOT NULL,
        currency char(3) NOT NULL,
        due_date date NOT NULL,
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        -- Of a pending invoice nothing is open yet.
        open_minor bigint NOT NULL CHECK (open_minor BETWEEN 0 AND amount_minor),
        -- What was open when the due date ended, by effective dates: zero means that it was never overdue.
        open_at_due_minor bigint NOT NULL,
        -- The earliest date from which money can settle it: the issue date, or the last reversal.
        open_from_date date NOT NULL,
        -- The number of times that it came to be open; 0 while pending.
        episode smallint NOT NULL CHECK (episode >= 0),
        -- The business day whose InvoiceOverdue was published for this episode.
        overdue_date date,
        disputed_minor bigint NOT NULL DEFAULT 0 CHECK (disputed_minor >= 0),
        UNIQUE (invoice_id, ordinal)
    )
    """,
    "CREATE INDEX instalment_open ON instalment (customer_id) WHERE open_minor > 0",
    """
    CREATE INDEX instalment_unmarked ON instalment (due_date, instalment_id)
    WHERE open_minor > 0 AND overdue_date IS NULL
    """,
    """
    CREATE TABLE cancellation (
        invoice_id uuid PRIMARY KEY REFERENCES invoice,
        entity text NOT NULL,
        number text NOT NULL,
        reason text NOT NULL,
        recorded_day date NOT NULL,
        recorded_at timestamptz NOT NULL,
        UNIQUE (entity, number)
    )
    """,
    """
    CREATE TABLE payment (
        payment_id uuid PRIMARY KEY,
        entity text NOT NULL,
        customer_id uuid NOT NULL,
        customer_number text NOT NULL,
        partition_no smallint NOT NULL,
        source text NOT NULL,
        reference text NOT NULL,
        received_date date NOT NULL,
        currency char(3) NOT NULL,
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        unapplied_minor bigint NOT NULL CHECK (unapplied_minor >= 0),
        refunded_minor bigint NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0),
        reversed_minor bigint NOT NULL DEFAULT 0 CHECK (reversed_minor IN (0, amount_minor)),
        remittance jsonb NOT NULL,
        content_hash bytea NOT NULL,
        recorded_day date NOT NULL,
        recorded_at timestamptz NOT NULL,
        UNIQUE (entity, source, reference),
        CHECK (unapplied_minor + refunded_minor + reversed_minor <= amount_minor)
    )
    """,
    "CREATE INDEX payment_customer ON payment (customer_id, payment_id)",
    """
    CREATE TABLE payment_reversal (
        payment_id uuid PRIMARY KEY REFERENCES payment,
        reason text NOT NULL,
        reversed_date date NOT NULL,
        recorded_day date NOT NULL,
        recorded_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE refund (
        refund_id uuid PRIMARY KEY,
        payment_id uuid NOT NULL REFERENCES payment,
        reference text NOT NULL,
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        refunded_date date NOT NULL,
        recorded_day date NOT NULL,
        recorded_at timestamptz NOT NULL,
        UNIQUE (payment_id, reference)
    )
    """,
    """
    CREATE TABLE credit_note (
        credit_note_id uuid PRIMARY KEY,
        entity text NOT NULL,
        number text NOT NULL,
        customer_id uuid NOT NULL,
        customer_number text NOT NULL,
        partition_no smallint NOT NULL,
        invoice_id uuid,
        issue_date date NOT NULL,
        currency char(3) NOT NULL,
        tax_minor bigint NOT NULL CHECK (tax_minor >= 0),
        total_minor bigint NOT NULL CHECK (total_minor > 0 AND tax_minor <= total_minor),
        unapplied_minor bigint NOT NULL CHECK (unapplied_minor BETWEEN 0 AND total_minor),
        reason text NOT NULL,
        content_hash bytea NOT NULL,
        recorded_day date NOT NULL,
        recorded_at timestamptz NOT NULL,
        UNIQUE (entity, number)
    )
    """,
    "CREATE INDEX credit_note_customer ON credit_note (customer_id, credit_note_id)",
)


def upgrade() -> None:
    for statement in messaging.VERSION_1:
        op.execute(statement)
    idempotency_table(MetaData()).create(op.get_bind())
    for statement in DOCUMENTS:
        op.execute(statement)
