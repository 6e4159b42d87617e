"""Know since when the broker has an event, and whether whole, so that nothing is pruned that is needed."""

from alembic import op

from shared.messaging.schema import VERSION_3

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    for statement in VERSION_3:
        op.execute(statement)


def downgrade() -> None:
    op.execute("ALTER TABLE stream_position DROP COLUMN ended_epoch, DROP COLUMN ended_sequence")
    op.execute("ALTER TABLE outbox DROP COLUMN withheld")
    op.execute("DROP TABLE acknowledged_mark")
