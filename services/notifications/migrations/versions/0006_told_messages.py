"""Keep what the topic proves of messages that a restored database does not know to have gone (N4, faults 2.51)."""

from alembic import op

revision = "0006"
down_revision = "0005"

_TOLD = """
    CREATE TABLE told_message (
        message_id uuid PRIMARY KEY,
        fate text NOT NULL CHECK (fate IN ('sent', 'failed', 'withheld', 'unknown')),
        told_date date NOT NULL,
        reason text,
        contact_role text,
        instalment_ids jsonb,
        arrived_date date
    )
"""


def upgrade() -> None:
    op.execute(_TOLD)


def downgrade() -> None:
    op.execute("DROP TABLE told_message")
