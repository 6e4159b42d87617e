"""The ledger's business days with who has worked them, and the imports of files."""

from alembic import op

revision = "0003"
down_revision = "0002"

DAYS = (
    """
    CREATE TABLE business_day (
        day date PRIMARY KEY,
        state text NOT NULL CHECK (state IN ('turning', 'marking', 'open', 'closed')),
        cause_id uuid NOT NULL,
        actor text NOT NULL,
        correlation_id text NOT NULL,
        traceparent text NOT NULL,
        asked_at timestamptz NOT NULL,
        turned_at timestamptz,
        opened_at timestamptz,
        overdue integer NOT NULL DEFAULT 0
    )
    """,
    "CREATE UNIQUE INDEX business_day_current ON business_day ((true)) WHERE state IN ('marking', 'open')",
    """
    CREATE TABLE worked_day (
        service text NOT NULL,
        day date NOT NULL,
        -- One DayWorked for each partition; its id is derived, so a repeat is the same row.
        event_id uuid NOT NULL,
        PRIMARY KEY (service, day, event_id)
    )
    """,
)

IMPORTS = (
    """
    CREATE TABLE import (
        import_id uuid PRIMARY KEY,
        kind text NOT NULL CHECK (kind IN ('invoices', 'payments')),
        strict boolean NOT NULL,
        format text NOT NULL CHECK (format IN ('csv', 'ndjson')),
        header text NOT NULL,
        file_hash bytea NOT NULL,
        file_bytes bigint NOT NULL,
        -- refused: nothing of it was recorded, so the same file may come again.
        state text NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'refused')),
        chunks_done integer NOT NULL DEFAULT 0,
        rows_total bigint NOT NULL,
        rows_imported bigint NOT NULL DEFAULT 0,
        rows_known bigint NOT NULL DEFAULT 0,
        rows_refused bigint NOT NULL DEFAULT 0,
        actor text NOT NULL,
        correlation_id text NOT NULL,
        traceparent text NOT NULL,
        received_at timestamptz NOT NULL,
        finished_at timestamptz,
        CHECK (rows_imported + rows_known + rows_refused <= rows_total)
    )
    """,
    "CREATE UNIQUE INDEX import_file ON import (kind, strict, file_hash) WHERE state <> 'refused'",
    "CREATE INDEX import_unfinished ON import (received_at, import_id) WHERE finished_at IS NULL",
    # The file's lines as they came, in portions of one transaction each; gone when the import has ended.
    """
    CREATE TABLE import_chunk (
        import_id uuid NOT NULL REFERENCES import ON DELETE CASCADE,
        ordinal integer NOT NULL,
        numbers integer[] NOT NULL,
        lines text[] NOT NULL,
        PRIMARY KEY (import_id, ordinal)
    )
    """,
    """
    CREATE TABLE import_error (
        import_id uuid NOT NULL REFERENCES import ON DELETE CASCADE,
        line bigint NOT NULL,
        ordinal smallint NOT NULL,
        column_name text NOT NULL,
        reason text NOT NULL,
        PRIMARY KEY (import_id, line, ordinal)
    )
    """,
)


def upgrade() -> None:
    for statement in (*DAYS, *IMPORTS):
        op.execute(statement)
