"""Make the tables of notifications: contacts, what is owed and rests, messages with their attempts, and templates."""

from alembic import op
from sqlalchemy import MetaData
from sqlalchemy.schema import CreateIndex, CreateTable

from shared.messaging import schema
from shared.web.idempotency_store import idempotency_table

revision = "0001"
down_revision = None

_CONTACTS = (
    # The only place of the house that holds personal data.
    """
    CREATE TABLE contact_point (
        contact_point_id uuid PRIMARY KEY,
        customer_id uuid NOT NULL REFERENCES customer,
        partition_no smallint NOT NULL,
        customer_number text NOT NULL,
        company_name text NOT NULL,
        name text NOT NULL,
        role text NOT NULL,
        language text NOT NULL CHECK (language IN ('zh', 'en')),
        zone text NOT NULL,
        email text,
        phone text,
        address_for_service boolean NOT NULL,
        verified_at timestamptz,
        verified_by text,
        opted_out text CHECK (opted_out IN ('all', 'before_due')),
        opted_out_by text,
        email_invalid_reason text,
        recorded_at timestamptz NOT NULL,
        recorded_by text NOT NULL,
        CHECK (email IS NOT NULL OR phone IS NOT NULL),
        CHECK ((verified_at IS NULL) = (verified_by IS NULL))
    )
    """,
    """
    CREATE UNIQUE INDEX contact_point_person
    ON contact_point (customer_id, role, coalesce(email, ''), coalesce(phone, ''))
    """,
)

_HEARD = (
    # Told by every partition; the copy recorded last wins, however late another partition comes.
    """
    CREATE TABLE creditor (
        entity text PRIMARY KEY,
        name text NOT NULL,
        country char(2) NOT NULL,
        payee jsonb NOT NULL,
        recorded_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE debt (
        instalment_id uuid PRIMARY KEY,
        customer_id uuid NOT NULL REFERENCES customer,
        partition_no smallint NOT NULL,
        entity text NOT NULL,
        invoice_id uuid NOT NULL,
        invoice_number text NOT NULL,
        ordinal integer NOT NULL,
        due_date date NOT NULL,
        currency char(3) NOT NULL,
        open_minor bigint NOT NULL CHECK (open_minor >= 0),
        episode integer NOT NULL CHECK (episode > 0),
        penalty_pct_per_day numeric(7, 4) NOT NULL,
        credit_noted_minor bigint NOT NULL DEFAULT 0
    )
    """,
    "CREATE INDEX debt_open ON debt (customer_id) WHERE open_minor > 0",
    """
    CREATE TABLE rest (
        rest_id uuid PRIMARY KEY,
        customer_id uuid NOT NULL REFERENCES customer,
        partition_no smallint NOT NULL,
        kind text NOT NULL CHECK (kind IN ('dispute', 'promise', 'pause')),
        entity text,
        invoice_id uuid,
        instalment_ids jsonb NOT NULL,
        currency char(3),
        amount_minor bigint CHECK (amount_minor >= 0),
        from_date date NOT NULL,
        until_date date,
        credited boolean NOT NULL DEFAULT false
    )
    """,
    "CREATE INDEX rest_customer ON rest (customer_id)",
)

_MESSAGES = (
    """
    CREATE TABLE message (
        message_id uuid PRIMARY KEY,
        reminder_id uuid NOT NULL UNIQUE,
        customer_id uuid NOT NULL REFERENCES customer,
        partition_no smallint NOT NULL,
        entity text NOT NULL,
        purpose text NOT NULL,
        step text NOT NULL,
        planned_date date NOT NULL,
        due_date date NOT NULL,
        due_at timestamptz,
        formal boolean NOT NULL,
        answer_working_days integer,
        channels jsonb NOT NULL,
        correlation_id text NOT NULL,
        traceparent text NOT NULL,
        state text NOT NULL CHECK (state IN ('waiting', 'released', 'retrying', 'claimed', 'sent', 'unknown', 'failed',
                                             'withheld', 'withdrawn', 'abandoned')),
        reason text,
        by_hand boolean NOT NULL DEFAULT false,
        attempts integer NOT NULL DEFAULT 0,
        civil_date date,
        arrives_date date,
        arrived boolean NOT NULL DEFAULT false,
        resolved_by text,
        resolved_at timestamptz,
        resolution text,
        recorded_at timestamptz NOT NULL,
        changed_at timestamptz NOT NULL,
        CHECK (due_at IS NOT NULL OR state NOT IN ('released', 'retrying')),
        CHECK (civil_date IS NOT NULL OR state NOT IN ('claimed', 'sent', 'unknown'))
    )
    """,
    # N4: the decision to send is made once; a message that did not go frees its key.
    """
    CREATE UNIQUE INDEX message_once ON message (entity, customer_id, purpose, step, planned_date)
    WHERE state IN ('claimed', 'sent', 'unknown')
    """,
    "CREATE INDEX message_due ON message (due_at) WHERE state IN ('released', 'retrying')",
    "CREATE INDEX message_claimed ON message (message_id) WHERE state = 'claimed'",
    "CREATE INDEX message_customer ON message (customer_id, recorded_at, message_id)",
    "CREATE INDEX message_unfinished ON message (customer_id) WHERE state IN ('waiting', 'released', 'claimed')",
    """
    CREATE INDEX message_under_way ON message (customer_id, arrives_date)
    WHERE arrives_date IS NOT NULL AND NOT arrived
    """,
    "CREATE INDEX message_said ON message (customer_id, civil_date) WHERE state IN ('claimed', 'sent', 'unknown')",
    "CREATE INDEX message_state ON message (state, recorded_at, message_id)",
    """
    CREATE TABLE message_line (
        message_id uuid NOT NULL REFERENCES message,
        instalment_id uuid NOT NULL,
        step text,
        episode integer NOT NULL,
        dropped_reason text,
        stated_minor bigint,
        holds boolean NOT NULL DEFAULT false,
        PRIMARY KEY (message_id, instalment_id)
    )
    """,
    # N4: each debt is told once per step and episode.
    """
    CREATE UNIQUE INDEX message_line_once ON message_line (instalment_id, step, episode)
    WHERE holds AND step IS NOT NULL
    """,
    """
    CREATE TABLE delivery (
        message_id uuid NOT NULL REFERENCES message,
        channel text NOT NULL,
        withheld_reason text,
        PRIMARY KEY (message_id, channel)
    )
    """,
    # Written and committed before the first byte goes out (N4, N8); the number is the fence of its holder.
    """
    CREATE TABLE attempt (
        message_id uuid NOT NULL REFERENCES message,
        attempt_no integer NOT NULL,
        channel text NOT NULL,
        contact_point_id uuid NOT NULL REFERENCES contact_point,
        contact_role text NOT NULL,
        served boolean NOT NULL,
        template_id uuid NOT NULL,
        template_version text NOT NULL,
        civil_at timestamptz NOT NULL,
        civil_date date NOT NULL,
        recipient text NOT NULL,
        content bytea NOT NULL,
        content_sha256 text NOT NULL,
        positions jsonb NOT NULL,
        positions_at timestamptz NOT NULL,
        begun_at timestamptz NOT NULL,
        lease_until timestamptz NOT NULL,
        ended_at timestamptz,
        outcome text CHECK (outcome IN ('taken', 'deferred', 'refused', 'unknown', 'not_begun')),
        code integer,
        answer text,
        PRIMARY KEY (message_id, attempt_no)
    )
    """,
    "CREATE INDEX attempt_open ON attempt (lease_until) WHERE outcome IS NULL",
)

_TEMPLATES = (
    """
    CREATE TABLE template (
        template_id uuid PRIMARY KEY,
        purpose text NOT NULL,
        language text NOT NULL CHECK (language IN ('zh', 'en')),
        version text NOT NULL,
        subject text NOT NULL,
        body_text text NOT NULL,
        body_html text NOT NULL,
        on_unknown text NOT NULL CHECK (on_unknown IN ('ask', 'resend')),
        made_by text NOT NULL,
        made_at timestamptz NOT NULL,
        approved_by text,
        approved_at timestamptz,
        built_in boolean NOT NULL,
        CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
        CHECK (built_in OR approved_by IS DISTINCT FROM made_by),
        UNIQUE (purpose, language, version)
    )
    """,
)


def upgrade() -> None:
    for statement in (*schema.VERSION_1, *_CONTACTS, *_HEARD, *_MESSAGES, *_TEMPLATES):
        op.execute(statement)
    table = idempotency_table(MetaData())
    op.execute(CreateTable(table))
    for index in sorted(table.indexes, key=lambda each: str(each.name)):
        op.execute(CreateIndex(index))
