"""Know in which zone a creditor lives: where its day has come, that day's work goes before any message (K2)."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    # What was heard before is known by its country only; UTC stands for it until the entity is told again.
    op.execute("ALTER TABLE creditor ADD zone text NOT NULL DEFAULT 'UTC'")


def downgrade() -> None:
    op.execute("ALTER TABLE creditor DROP zone")
