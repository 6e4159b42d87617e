"""The ledger's append-only books: movements of open amounts under both clocks, the balanced journal, the audit."""

from alembic import op

revision = "0002"
down_revision = "0001"

# Every change of an open amount, and of unapplied credit, is one row that is never changed. "As known now" of a day
# sums the rows effective by then; "as known then" also asks that they were recorded by then.
MOVEMENTS = (
    """
    CREATE TABLE movement (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        instalment_id uuid NOT NULL REFERENCES instalment,
        invoice_id uuid NOT NULL,
        customer_id uuid NOT NULL,
        partition_no smallint NOT NULL,
        entity text NOT NULL,
        currency char(3) NOT NULL,
        due_date date NOT NULL,
        delta_minor bigint NOT NULL CHECK (delta_minor <> 0),
        document_kind text NOT NULL
            CHECK (document_kind IN ('invoice', 'cancellation', 'payment', 'reversal', 'credit_note')),
        document_id uuid NOT NULL,
        rule text NOT NULL,
        reason text NOT NULL,
        effective_date date NOT NULL,
        recorded_day date NOT NULL,
        recorded_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX movement_invoice ON movement (invoice_id)",
    "CREATE INDEX movement_credit ON movement (document_id) WHERE document_kind NOT IN ('invoice', 'cancellation')",
    "CREATE INDEX movement_aging ON movement (effective_date)",
    """
    CREATE TABLE credit_movement (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        credit_id uuid NOT NULL,
        credit_kind text NOT NULL CHECK (credit_kind IN ('payment', 'credit_note')),
        customer_id uuid NOT NULL,
        partition_no smallint NOT NULL,
        entity text NOT NULL,
        currency char(3) NOT NULL,
        delta_minor bigint NOT NULL CHECK (delta_minor <> 0),
        reason text NOT NULL CHECK (reason IN ('recorded', 'allocated', 'refunded', 'reversed')),
        effective_date date NOT NULL,
        recorded_day date NOT NULL,
        recorded_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX credit_movement_credit ON credit_movement (credit_id)",
    "CREATE INDEX credit_movement_aging ON credit_movement (effective_date)",
)

JOURNAL = (
    """
    CREATE TABLE journal_entry (
        entry_id uuid PRIMARY KEY,
        entity text NOT NULL,
        currency char(3) NOT NULL,
        customer_id uuid NOT NULL,
        partition_no smallint NOT NULL,
        posting_date date NOT NULL,
        effective_date date NOT NULL,
        document_kind text NOT NULL,
        document_id uuid NOT NULL,
        document_number text NOT NULL,
        recorded_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX journal_entry_posting_date ON journal_entry (posting_date, entity, entry_id)",
    # Debit is positive, credit negative; an entry has one entity and one currency, so balances at sum zero.
    """
    CREATE TABLE posting (
        entry_id uuid NOT NULL REFERENCES journal_entry,
        ordinal smallint NOT NULL,
        account text NOT NULL,
        amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
        PRIMARY KEY (entry_id, ordinal)
    )
    """,
    # One check for each statement, not for each row: an entry is written whole, and an addition must balance by itself.
    """
    CREATE FUNCTION refuse_unbalanced() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM added GROUP BY entry_id HAVING sum(amount_minor) <> 0) THEN
            RAISE EXCEPTION 'a journal entry does not balance' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER posting_balanced AFTER INSERT ON posting REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_unbalanced()
    """,
    """
    CREATE TABLE audit_record (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        partition_no smallint NOT NULL,
        customer_id uuid,
        actor text NOT NULL,
        action text NOT NULL,
        subject text NOT NULL,
        details jsonb NOT NULL,
        effective_date date NOT NULL,
        business_date date NOT NULL,
        recorded_at timestamptz NOT NULL,
        correlation_id text NOT NULL
    )
    """,
    "CREATE INDEX audit_record_subject ON audit_record (subject, id)",
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END $$
    """,
    *(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in ("movement", "credit_movement", "journal_entry", "posting", "audit_record")
    ),
)


def upgrade() -> None:
    for statement in (*MOVEMENTS, *JOURNAL):
        op.execute(statement)
