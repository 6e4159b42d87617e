"""Know how far others have told of a customer ahead of the day's marker."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("ALTER TABLE risk ADD COLUMN told_date date")


def downgrade() -> None:
    op.execute("ALTER TABLE risk DROP COLUMN told_date")
