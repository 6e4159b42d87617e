"""What credit has recorded of changes: each begins where the one before led, and a profile stands at the last (5)."""

from checker.rules import Rule

_NAMES = ("limit", "registered_capital", "annual_sales", "insured_amount")
_MONEY = "(" + ", ".join(f"'{each}'" for each in _NAMES) + ")"
_LAST = """
    SELECT DISTINCT ON (subject, field) subject, customer_id, field, after FROM recorded_change
    ORDER BY subject, field, ordinal DESC
"""


def _money(part: str) -> str:
    return "CASE field " + " ".join(f"WHEN '{each}' THEN {each}_{part}" for each in _NAMES) + " END"


def _something(value: str) -> str:
    """Return SQL in which whatever stands before anything was changed is null."""
    return f"nullif(nullif(nullif({value}, 'null'), 'false'), '\"green\"')"


RULES = (
    Rule(
        name="changes-follow",
        invariant="5",
        sentence="Every recorded change of a field begins with the value to which the one before it led.",
        compared="SELECT count(*) FROM recorded_change",
        wrong="""
            SELECT 'change ' || change_id || ' of ' || field || ' of ' || subject
            FROM (
                SELECT *, lag(after) OVER (PARTITION BY subject, field ORDER BY ordinal) AS stood FROM recorded_change
            ) AS each
            WHERE stood IS NOT NULL AND stood <> before
               OR customer_id IS NOT NULL AND split_part(subject, '/', 2) <> CAST(customer_id AS text)
        """,
    ),
    Rule(
        name="profiles-as-changed",
        invariant="5",
        sentence="Every field of a profile, and its light, stands where its last recorded change has led.",
        compared="SELECT count(*) FROM profile",
        wrong=f"""
            WITH last AS ({_LAST}), kept AS (
                SELECT 'customer/' || customer_id AS subject,
                    CASE each.key WHEN 'group_code' THEN 'group' ELSE each.key END AS field, each.value
                FROM profile AS p CROSS JOIN LATERAL jsonb_each(to_jsonb(p)) AS each
                WHERE each.key NOT IN ('customer_id', 'customer_number', 'partition_no', 'version')
                  AND each.key NOT LIKE '%\\_minor' AND each.key NOT LIKE '%\\_currency'
                UNION ALL SELECT 'risk/' || customer_id, 'light', to_jsonb(light) FROM risk
            )
            SELECT coalesce(k.subject, l.subject) || ': ' || coalesce(k.field, l.field)
            FROM kept AS k FULL JOIN (SELECT * FROM last WHERE field NOT IN {_MONEY}) AS l USING (subject, field)
            WHERE {_something("k.value")} IS DISTINCT FROM {_something("l.after")}
            UNION ALL
            SELECT l.subject || ': ' || l.field
            FROM (SELECT * FROM last WHERE field IN {_MONEY}) AS l JOIN profile AS p USING (customer_id)
            WHERE (CAST(replace(l.after ->> 'amount', '.', '') AS bigint), l.after ->> 'currency')
                IS DISTINCT FROM ({_money("minor")}, {_money("currency")})
        """,
    ),
)
