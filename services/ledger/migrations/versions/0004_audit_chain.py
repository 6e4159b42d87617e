"""The audit's hash chain: a number and a hash that are written once, behind the transaction that made the record."""

from alembic import op

revision = "0004"
down_revision = "0003"

_RECORDED = (
    "id, partition_no, customer_id, actor, action, subject, details, effective_date, business_date, recorded_at, "
    "correlation_id"
)


def _of(row: str) -> str:
    return ", ".join(f"{row}.{column}" for column in _RECORDED.split(", "))


UP = (
    """
    ALTER TABLE audit_record
        ADD COLUMN chain_number bigint CHECK (chain_number >= 1),
        ADD COLUMN chain_hash bytea CHECK (length(chain_hash) = 32),
        ADD CHECK ((chain_number IS NULL) = (chain_hash IS NULL))
    """,
    "CREATE INDEX audit_record_unsealed ON audit_record (id) WHERE chain_number IS NULL",
    # Two sealers that ran at once would meet here: a chain never forks.
    """
    CREATE UNIQUE INDEX audit_record_chain ON audit_record (partition_no, chain_number) WHERE chain_number IS NOT NULL
    """,
    # Records lie in the order of their days, so that a month is found without an index that every insert pays for.
    "CREATE INDEX audit_record_day ON audit_record USING brin (business_date)",
    "DROP TRIGGER audit_record_append_only ON audit_record",
    """
    CREATE TRIGGER audit_record_append_only BEFORE DELETE OR TRUNCATE ON audit_record
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    f"""
    CREATE TRIGGER audit_record_sealed_once BEFORE UPDATE ON audit_record FOR EACH ROW
    WHEN (
        OLD.chain_number IS NOT NULL OR NEW.chain_number IS NULL
        OR ROW({_of("OLD")}) IS DISTINCT FROM ROW({_of("NEW")})
    )
    EXECUTE FUNCTION refuse_change()
    """,
)
DOWN = (
    "DROP TRIGGER audit_record_sealed_once ON audit_record",
    "DROP TRIGGER audit_record_append_only ON audit_record",
    "DROP INDEX audit_record_day",
    "ALTER TABLE audit_record DROP COLUMN chain_number, DROP COLUMN chain_hash",
    """
    CREATE TRIGGER audit_record_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_record
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
