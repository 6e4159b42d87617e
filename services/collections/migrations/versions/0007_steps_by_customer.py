"""Find a customer's steps by the customer: a book is loaded with each batch of events about him."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("CREATE INDEX instalment_step_customer ON instalment_step (customer_id)")


def downgrade() -> None:
    op.execute("DROP INDEX instalment_step_customer")
