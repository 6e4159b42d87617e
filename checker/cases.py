"""What collections' own database must show: cases that move from where they stand, promises decided in time."""

from checker.rules import Rule

_MOVES = "('CaseOpened', 'StageEscalated', 'StageEased')"

RULES = (
    Rule(
        name="stages-follow",
        invariant="15",
        sentence="A case moves only from the stage where it stands, and stands where its last move has led.",
        compared=f"SELECT count(*) FROM case_entry WHERE kind IN {_MOVES}",
        wrong=f"""
            WITH move AS (
                SELECT id, case_id, kind, detail ->> 'from_stage' AS left_stage,
                    coalesce(detail ->> 'to_stage', detail ->> 'stage') AS reached
                FROM case_entry WHERE kind IN {_MOVES}
            ), pair AS (
                SELECT *, lag(reached) OVER w AS stood, lead(id) OVER w IS NULL AS is_last
                FROM move WINDOW w AS (PARTITION BY case_id ORDER BY id)
            )
            SELECT 'case ' || case_id || ': from ' || coalesce(left_stage, 'nowhere') || ' where it stood at '
                || coalesce(stood, 'none')
            FROM pair WHERE left_stage IS DISTINCT FROM stood
            UNION ALL
            SELECT 'case ' || c.case_id || ': stands at ' || c.stage || ', was led to ' || p.reached
            FROM collection_case AS c JOIN pair AS p ON p.case_id = c.case_id AND p.is_last
            WHERE c.stage <> p.reached
        """,
    ),
    Rule(
        name="promises-decided",
        invariant="15",
        sentence="No promise is open after the day on which it lapsed was worked.",
        compared="SELECT count(*) FROM promise",
        wrong="""
            SELECT 'promise ' || p.promise_id || ' lapsed on ' || p.lapses_date
            FROM promise AS p JOIN day_seen AS d USING (partition_no) JOIN customer AS c USING (customer_id)
            WHERE p.state = 'open' AND d.worked_at IS NOT NULL AND p.lapses_date < d.work_day AND c.parked_at IS NULL
        """,
    ),
)
