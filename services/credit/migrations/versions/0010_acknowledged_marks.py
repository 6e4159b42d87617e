"""Know since when the broker has what it acknowledged, so that nothing is pruned that was told just now."""

from alembic import op

from shared.messaging.schema import VERSION_3

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    for statement in VERSION_3:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE acknowledged_mark")
