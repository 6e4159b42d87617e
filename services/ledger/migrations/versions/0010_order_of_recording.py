"""Lists follow the time of recording: an id follows from its document's number, and says nothing about time."""

from alembic import op

revision = "0010"
down_revision = "0009"

_LISTED = ("invoice", "payment", "credit_note")
UP = tuple(
    statement
    for each in _LISTED
    for statement in (
        f"CREATE INDEX {each}_recorded ON {each} (recorded_at, {each}_id)",
        f"DROP INDEX {each}_customer",
        f"CREATE INDEX {each}_customer ON {each} (customer_id, recorded_at, {each}_id)",
    )
)
DOWN = tuple(
    statement
    for each in _LISTED
    for statement in (
        f"DROP INDEX {each}_recorded",
        f"DROP INDEX {each}_customer",
        f"CREATE INDEX {each}_customer ON {each} (customer_id, {each}_id)",
    )
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
