"""Keep what bank statements came to, who is among the first by sales, and how each ranking was made."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("ALTER TABLE profile ADD bank_summary jsonb, ADD top_by_sales boolean NOT NULL DEFAULT false")
    # The first customers by sales, in their order; the ranking of a day is made once.
    op.execute("CREATE TABLE sales_ranking (as_of date PRIMARY KEY, ranked jsonb NOT NULL)")


def downgrade() -> None:
    op.execute("DROP TABLE sales_ranking")
    op.execute("ALTER TABLE profile DROP bank_summary, DROP top_by_sales")
