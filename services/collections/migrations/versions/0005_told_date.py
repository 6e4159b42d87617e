"""Know how far the ledger has told of a customer ahead of the day's marker."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("ALTER TABLE customer_profile ADD COLUMN told_date date")


def downgrade() -> None:
    op.execute("ALTER TABLE customer_profile DROP COLUMN told_date")
