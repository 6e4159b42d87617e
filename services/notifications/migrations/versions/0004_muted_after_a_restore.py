"""Remember on which server messages are sent, so that a restored database sends none by itself (N4)."""

from alembic import op

revision = "0004"
down_revision = "0003"

_SENDING = """
    CREATE TABLE sending (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        system_identifier text NOT NULL,
        timeline text NOT NULL,
        muted_at timestamptz,
        muted_reason text,
        unmuted_at timestamptz,
        unmuted_by text,
        unmuted_reason text,
        CHECK ((muted_at IS NULL) = (muted_reason IS NULL))
    )
"""


def upgrade() -> None:
    op.execute(_SENDING)


def downgrade() -> None:
    op.execute("DROP TABLE sending")
