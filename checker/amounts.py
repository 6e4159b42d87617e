"""What every database must show of its money: whole minor units, and nothing that could be rounded (19)."""

from checker.rules import Rule

RULES = (
    Rule(
        name="money-whole",
        invariant="19",
        sentence="Every column of money counts whole minor units.",
        compared="""
            SELECT count(*) FROM information_schema.columns
            WHERE table_schema = 'public' AND column_name LIKE '%\\_minor'
        """,
        wrong="""
            SELECT table_name || '.' || column_name || ' is ' || data_type FROM information_schema.columns
            WHERE table_schema = 'public' AND column_name LIKE '%\\_minor' AND data_type <> 'bigint'
        """,
    ),
)
