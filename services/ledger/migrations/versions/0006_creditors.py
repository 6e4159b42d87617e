"""What a creditor's messages say of it, and its bank accounts, each proposed by one person and approved by another."""

from alembic import op

revision = "0006"
down_revision = "0005"

UP = (
    """
    ALTER TABLE entity
        ADD COLUMN tax_number text,
        ADD COLUMN address text,
        ADD COLUMN sender_email text,
        ADD COLUMN sms_signature text
    """,
    """
    CREATE TABLE bank_account (
        account_id uuid PRIMARY KEY,
        entity text NOT NULL REFERENCES entity,
        currency char(3) NOT NULL,
        holder text NOT NULL,
        bank text NOT NULL,
        number text NOT NULL,
        bic text,
        -- From when on messages name it; at the earliest the day of its approval.
        valid_from date NOT NULL,
        state text NOT NULL CHECK (state IN ('proposed', 'approved', 'refused')),
        proposed_by text NOT NULL,
        proposed_at timestamptz NOT NULL,
        -- Nobody, for the account that came with the entity: it took the place of none.
        decided_by text,
        decided_at timestamptz,
        CHECK ((decided_by IS NULL) = (decided_at IS NULL)),
        CHECK (state <> 'approved' OR decided_by IS DISTINCT FROM proposed_by)
    )
    """,
    "CREATE INDEX bank_account_entity ON bank_account (entity, proposed_at)",
    """
    INSERT INTO bank_account (account_id, entity, currency, holder, bank, number, valid_from, state, proposed_by,
        proposed_at)
    SELECT gen_random_uuid(), e.entity, e.currency, e.payee ->> 'name', e.payee ->> 'bank', e.payee ->> 'account',
        a.business_date, 'approved', a.actor, e.recorded_at
    FROM entity AS e JOIN audit_record AS a ON a.subject = e.entity AND a.action = 'entity_recorded'
    """,
    """
    CREATE TRIGGER bank_account_kept BEFORE DELETE OR TRUNCATE ON bank_account
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    """
    CREATE TRIGGER bank_account_decided_once BEFORE UPDATE ON bank_account FOR EACH ROW
    WHEN (OLD.state <> 'proposed') EXECUTE FUNCTION refuse_change()
    """,
)
DOWN = (
    "DROP TABLE bank_account",
    """
    ALTER TABLE entity
        DROP COLUMN tax_number, DROP COLUMN address, DROP COLUMN sender_email, DROP COLUMN sms_signature
    """,
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
