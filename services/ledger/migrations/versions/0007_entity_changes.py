"""Count the changes of an entity, so that nobody overwrites what he has not read."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("ALTER TABLE entity ADD version integer NOT NULL DEFAULT 1")


def downgrade() -> None:
    op.execute("ALTER TABLE entity DROP version")
