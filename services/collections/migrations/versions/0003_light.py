"""Know the customer's traffic light as credit tells it, and what grade and light were before they last turned."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("""
        ALTER TABLE customer_profile ADD COLUMN light text, ADD COLUMN grade_before char(1),
        ADD COLUMN light_before text, ADD COLUMN turned_date date
    """)


def downgrade() -> None:
    op.execute("""
        ALTER TABLE customer_profile DROP COLUMN light, DROP COLUMN grade_before,
        DROP COLUMN light_before, DROP COLUMN turned_date
    """)
