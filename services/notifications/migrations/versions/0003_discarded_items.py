"""Keep what was taken out of a parked customer's queue for good, by whom and why."""

from alembic import op

from shared.messaging.schema import VERSION_2

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for statement in VERSION_2:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE discarded_item")
