"""Widen the profile by what scores and limits are made of, and keep when and by whom each item was last confirmed."""

from alembic import op

revision = "0003"
down_revision = "0002"

_MONEY = ("registered_capital", "annual_sales", "insured_amount")
_PLAIN = {
    "registration_number": "text",
    "registration_state": "text CHECK (registration_state IN ('active', 'suspended', 'revoked', 'deregistered'))",
    "founding_date": "date",
    "industry_standing": "text CHECK (industry_standing IN ('leader', 'strong', 'average', 'weak'))",
    "financials": "jsonb",
    "judgments_count": "integer CHECK (judgments_count >= 0)",
    "enforcements_count": "integer CHECK (enforcements_count >= 0)",
    "size_class": "text CHECK (size_class IN ('micro', 'small', 'medium', 'large'))",
}


def upgrade() -> None:
    for name in _MONEY:
        op.execute(
            f"ALTER TABLE profile ADD {name}_minor bigint CHECK ({name}_minor >= 0), ADD {name}_currency char(3)"
        )
        op.execute(f"ALTER TABLE profile ADD CHECK (({name}_minor IS NULL) = ({name}_currency IS NULL))")
    for name, kind in _PLAIN.items():
        op.execute(f"ALTER TABLE profile ADD {name} {kind}")
    op.execute("""
        CREATE TABLE profile_item (
            customer_id uuid NOT NULL REFERENCES customer,
            field text NOT NULL,
            source text NOT NULL,
            confirmed_date date NOT NULL,
            PRIMARY KEY (customer_id, field)
        )
    """)
    # What is known already was confirmed when it was last changed.
    op.execute("""
        INSERT INTO profile_item (customer_id, field, source, confirmed_date)
        SELECT DISTINCT ON (customer_id, field) customer_id, field, source, business_date FROM recorded_change
        WHERE customer_id IS NOT NULL AND field <> ALL ('{grade,key_customer,limit,blacklist_reason,insolvency_date}')
        ORDER BY customer_id, field, ordinal DESC
    """)


def downgrade() -> None:
    op.execute("DROP TABLE profile_item")
    for name in (*(f"{each}_{part}" for each in _MONEY for part in ("minor", "currency")), *_PLAIN):
        op.execute(f"ALTER TABLE profile DROP {name}")
