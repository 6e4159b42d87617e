"""Know since when the broker has an event, and whether whole, so that nothing is pruned that is needed."""

from alembic import op

from shared.messaging.schema import UNDO_VERSION_3, VERSION_3

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    for statement in VERSION_3:
        op.execute(statement)


def downgrade() -> None:
    for statement in UNDO_VERSION_3:
        op.execute(statement)
