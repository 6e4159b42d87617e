"""Keep who ended an override before its last day, and why."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("""
        ALTER TABLE grade_override ADD ended_by text, ADD end_reason text,
            ADD CONSTRAINT grade_override_ended_by CHECK ((ended_by IS NULL) = (end_reason IS NULL)),
            ADD CONSTRAINT grade_override_end CHECK (ended_by IS NULL OR ended_date IS NOT NULL)
    """)


def downgrade() -> None:
    op.execute("ALTER TABLE grade_override DROP ended_by, DROP end_reason")
