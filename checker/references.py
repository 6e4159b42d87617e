"""Whether every row that another one names is there, whatever a hand did while the database did not look (7, 11)."""

from dataclasses import dataclass

from checker.findings import SHOWN_DIFFERENCES, Check, Finding
from checker.snapshot import Snapshot
from shared.ids import customer_id_of, partition_of

KEPT = Check(
    name="references-kept",
    invariant="7",
    sentence="Every row that a row names by its key is there: triggers that were off have let nothing through.",
)
IN_PLACE = Check(
    name="customers-in-place",
    invariant="11",
    sentence="Every row of a customer lies in his partition, under the id that his number gives.",
)


def _named(relation: str, columns: str) -> str:
    return f"""
        ARRAY(SELECT CAST(a.attname AS text) FROM unnest(c.{columns}) WITH ORDINALITY AS k(no, place)
              JOIN pg_attribute AS a ON a.attrelid = c.{relation} AND a.attnum = k.no ORDER BY k.place)
    """


_FOREIGN_KEYS = f"""
    SELECT CAST(CAST(c.conrelid AS regclass) AS text) AS from_table, {_named("conrelid", "conkey")} AS from_columns,
        CAST(CAST(c.confrelid AS regclass) AS text) AS to_table, {_named("confrelid", "confkey")} AS to_columns
    FROM pg_constraint AS c WHERE c.contype = 'f' AND c.connamespace = CAST('public' AS regnamespace) ORDER BY 1, 3
"""
_WITH_COLUMNS = """
    SELECT table_name FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> 'customer'
      AND column_name IN ('customer_id', :column)
    GROUP BY table_name HAVING count(*) = 2 ORDER BY table_name
"""


@dataclass(frozen=True, slots=True)
class _Reference:
    """Columns of a table, and those of another that have the same values in some row."""

    table: str
    columns: tuple[str, ...]
    to_table: str
    to_columns: tuple[str, ...]

    @property
    def sql(self) -> str:
        """Return the query of what is named and is not there."""
        pairs = list(zip(self.columns, self.to_columns, strict=True))
        same = " AND ".join(f"t.{there} = f.{here}" for here, there in pairs)
        named = " AND ".join(f"f.{here} IS NOT NULL" for here in self.columns)
        key = ", ".join(f"f.{here}" for here in self.columns)
        return f"""
            SELECT concat_ws('/', {key}) AS key, count(*) OVER () AS wrong FROM {self.table} AS f
            WHERE {named} AND NOT EXISTS (SELECT FROM {self.to_table} AS t WHERE {same}) LIMIT {SHOWN_DIFFERENCES}
        """


async def check_references(snapshot: Snapshot) -> list[Finding]:
    """Look for every row that is named, and for every customer where he belongs."""
    keys = [
        _Reference(row.from_table, tuple(row.from_columns), row.to_table, tuple(row.to_columns))
        for row in await snapshot.rows(_FOREIGN_KEYS)
    ]
    placed = [
        _Reference(row.table_name, ("customer_id", "partition_no"), "customer", ("customer_id", "partition_no"))
        for row in await snapshot.rows(_WITH_COLUMNS, column="partition_no")
    ]
    return [await _find(snapshot, KEPT, keys), await _find(snapshot, IN_PLACE, placed), await _check_ids(snapshot)]


async def _find(snapshot: Snapshot, check: Check, references: list[_Reference]) -> Finding:
    wrong, differences = 0, list[str]()
    for each in references:
        rows = await snapshot.rows(each.sql)
        wrong += rows[0].wrong if rows else 0
        differences += [f"{snapshot.service}: {each.table} names {each.to_table} {row.key}" for row in rows]
    return check.found(compared=len(references), differences=differences, wrong=wrong)


async def _check_ids(snapshot: Snapshot) -> Finding:
    """Derive partitions from ids, and ids from numbers."""
    (heads,) = await snapshot.rows("SELECT count(*) AS partitions FROM stream_head")
    customers = await snapshot.rows("SELECT customer_id, partition_no FROM customer")
    differences = [
        f"{snapshot.service}: customer {row.customer_id} in partition {row.partition_no}"
        for row in customers
        if row.partition_no != partition_of(row.customer_id, heads.partitions)
    ]
    for table in await snapshot.rows(_WITH_COLUMNS, column="customer_number"):
        named = await snapshot.rows(f"SELECT DISTINCT customer_id, customer_number FROM {table.table_name}")
        differences += [
            f"{snapshot.service}: {table.table_name} of customer {row.customer_id} has another's number"
            for row in named
            if row.customer_number is not None and row.customer_id != customer_id_of(row.customer_number)
        ]
    return IN_PLACE.found(compared=len(customers), differences=differences)
