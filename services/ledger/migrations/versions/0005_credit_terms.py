"""What credit allows and has promised as terms, and where each invoice has its own from."""

from alembic import op

revision = "0005"
down_revision = "0004"

UP = (
    # No days: nothing but the contract decides.
    """
    CREATE TABLE credit_terms (
        customer_id uuid PRIMARY KEY,
        partition_no smallint NOT NULL,
        terms_days integer CHECK (terms_days >= 0)
    )
    """,
    """
    CREATE TABLE promised_terms (
        customer_id uuid NOT NULL,
        order_number text NOT NULL,
        partition_no smallint NOT NULL,
        terms_days integer CHECK (terms_days >= 0),
        PRIMARY KEY (customer_id, order_number)
    )
    """,
    # Of an invoice recorded before this column, nobody has noted it.
    """
    ALTER TABLE invoice
        ADD COLUMN terms_source text CHECK (terms_source IN ('invoice', 'contract', 'credit', 'order'))
    """,
)
DOWN = ("ALTER TABLE invoice DROP COLUMN terms_source", "DROP TABLE promised_terms", "DROP TABLE credit_terms")


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
