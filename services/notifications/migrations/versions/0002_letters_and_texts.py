"""Let a reminder have a message for each channel, wait for a person's look, and carry a letter (N1, N7, N13)."""

from alembic import op

revision = "0002"
down_revision = "0001"

_STATES = (
    "'waiting', 'released', 'retrying', 'claimed', 'sent', 'unknown', 'failed', 'withheld', 'withdrawn', 'abandoned'"
)

_CHANNELS = (
    "ALTER TABLE message ADD channel text NOT NULL DEFAULT 'email', ADD accompanies boolean NOT NULL DEFAULT false",
    "ALTER TABLE message ALTER channel DROP DEFAULT, ALTER accompanies DROP DEFAULT",
    "ALTER TABLE message DROP CONSTRAINT message_reminder_id_key",
    "ALTER TABLE message ADD CONSTRAINT message_of_channel UNIQUE (reminder_id, channel)",
    "ALTER TABLE message_line ADD channel text NOT NULL DEFAULT 'email'",
    "ALTER TABLE message_line ALTER channel DROP DEFAULT",
    # N4: both keys hold for each channel by itself.
    "DROP INDEX message_once",
    """
    CREATE UNIQUE INDEX message_once ON message (channel, entity, customer_id, purpose, step, planned_date)
    WHERE state IN ('claimed', 'sent', 'unknown')
    """,
    "DROP INDEX message_line_once",
    """
    CREATE UNIQUE INDEX message_line_once ON message_line (channel, instalment_id, step, episode)
    WHERE holds AND step IS NOT NULL
    """,
    # What it said is said by the messages themselves, one for each channel.
    "DROP TABLE delivery",
)

_LOOKS = (
    "ALTER TABLE message DROP CONSTRAINT message_state_check",
    f"ALTER TABLE message ADD CONSTRAINT message_state_check CHECK (state IN ({_STATES}, 'waiting_for_approval'))",
    """
    ALTER TABLE message
        ADD preapproved boolean NOT NULL DEFAULT false,
        ADD look text CHECK (look IN ('none', 'unless_approved', 'one', 'four_eyes')),
        ADD remark text NOT NULL DEFAULT '',
        ADD edition integer NOT NULL DEFAULT 0,
        ADD edited_by text,
        ADD approved_edition integer CHECK (approved_edition <= edition)
    """,
    """
    CREATE TABLE message_look (
        message_id uuid NOT NULL REFERENCES message,
        ordinal integer NOT NULL,
        action text NOT NULL CHECK (action IN ('edit', 'approve', 'refuse')),
        edition integer NOT NULL,
        note text NOT NULL,
        actor text NOT NULL,
        at timestamptz NOT NULL,
        PRIMARY KEY (message_id, ordinal)
    )
    """,
    """
    ALTER TABLE template ADD look text NOT NULL DEFAULT 'none'
        CHECK (look IN ('none', 'unless_approved', 'one', 'four_eyes'))
    """,
    "UPDATE template SET look = 'unless_approved' WHERE purpose IN ('formal_demand', 'lawyer_letter')",
    "ALTER TABLE template ALTER look DROP DEFAULT",
)

_ATTEMPTS = (
    # The policy of the words at the time of the attempt: those of a text message are not in the table of templates.
    """
    ALTER TABLE attempt
        ADD provider text,
        ADD letter_sha256 text,
        ADD on_unknown text NOT NULL DEFAULT 'ask' CHECK (on_unknown IN ('ask', 'resend')),
        ALTER template_id DROP NOT NULL
    """,
    "UPDATE attempt AS a SET on_unknown = t.on_unknown FROM template AS t WHERE t.template_id = a.template_id",
    "ALTER TABLE attempt ALTER on_unknown DROP DEFAULT",
    """
    CREATE TABLE receipt (
        message_id uuid NOT NULL REFERENCES message,
        provider text NOT NULL,
        status text NOT NULL CHECK (status IN ('delivered', 'undelivered')),
        at timestamptz NOT NULL,
        reason text,
        content bytea NOT NULL,
        heard_at timestamptz NOT NULL,
        PRIMARY KEY (message_id, provider, status)
    )
    """,
    "ALTER TABLE contact_point ADD phone_invalid_reason text",
)

# Possible until the first text message was decided on, and while nothing waits for approval.
_BACK = (
    "ALTER TABLE contact_point DROP phone_invalid_reason",
    "DROP TABLE receipt",
    "ALTER TABLE attempt DROP on_unknown, DROP letter_sha256, DROP provider, ALTER template_id SET NOT NULL",
    "ALTER TABLE template DROP look",
    "DROP TABLE message_look",
    "ALTER TABLE message DROP CONSTRAINT message_state_check",
    f"ALTER TABLE message ADD CONSTRAINT message_state_check CHECK (state IN ({_STATES}))",
    """
    ALTER TABLE message DROP approved_edition, DROP edited_by, DROP edition, DROP remark, DROP look, DROP preapproved
    """,
    """
    CREATE TABLE delivery (
        message_id uuid NOT NULL REFERENCES message,
        channel text NOT NULL,
        withheld_reason text,
        PRIMARY KEY (message_id, channel)
    )
    """,
    "DROP INDEX message_line_once",
    """
    CREATE UNIQUE INDEX message_line_once ON message_line (instalment_id, step, episode)
    WHERE holds AND step IS NOT NULL
    """,
    "DROP INDEX message_once",
    """
    CREATE UNIQUE INDEX message_once ON message (entity, customer_id, purpose, step, planned_date)
    WHERE state IN ('claimed', 'sent', 'unknown')
    """,
    "ALTER TABLE message_line DROP channel",
    "ALTER TABLE message DROP CONSTRAINT message_of_channel",
    "ALTER TABLE message ADD CONSTRAINT message_reminder_id_key UNIQUE (reminder_id)",
    "ALTER TABLE message DROP accompanies, DROP channel",
)


def upgrade() -> None:
    for statement in (*_CHANNELS, *_LOOKS, *_ATTEMPTS):
        op.execute(statement)


def downgrade() -> None:
    for statement in _BACK:
        op.execute(statement)
