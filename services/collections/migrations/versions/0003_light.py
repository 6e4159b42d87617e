"""Know the customer's traffic light as credit tells it."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE customer_profile ADD COLUMN light text")


def downgrade() -> None:
    op.execute("ALTER TABLE customer_profile DROP COLUMN light")
