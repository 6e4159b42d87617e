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
    Rule(
        name="entries-of-their-cases",
        invariant="15",
        sentence="Every entry of a case's history is of the customer whose case it is.",
        compared="SELECT count(*) FROM case_entry",
        wrong="""
            SELECT 'entry ' || e.entry_id || ' of case ' || e.case_id
            FROM case_entry AS e LEFT JOIN collection_case AS c USING (case_id)
            WHERE (c.customer_id, c.partition_no) IS DISTINCT FROM (e.customer_id, e.partition_no)
        """,
    ),
    Rule(
        name="steps-as-decided",
        invariant="15",
        sentence="Every step taken by a reminder is a line of it and stands as it does; one taken by a task is of it.",
        compared="SELECT count(*) FROM instalment_step WHERE reminder_id IS NOT NULL OR task_id IS NOT NULL",
        wrong="""
            SELECT 'instalment ' || s.instalment_id || ', ' || s.step || ', episode ' || s.episode || ': '
                || s.state || ', reminder ' || s.reminder_id || ' ' || coalesce(r.state, 'is not there')
            FROM instalment_step AS s LEFT JOIN reminder AS r USING (reminder_id)
            WHERE s.reminder_id IS NOT NULL AND (
                r.customer_id IS DISTINCT FROM s.customer_id
                OR s.state IN ('planned', 'sent') AND s.state <> r.state
                OR NOT EXISTS (
                    SELECT FROM jsonb_array_elements(r.lines) AS l
                    WHERE l ->> 'instalment_id' = CAST(s.instalment_id AS text) AND l ->> 'step' = s.step
                      AND CAST(l ->> 'episode' AS integer) = s.episode
                )
            )
            UNION ALL
            SELECT 'instalment ' || s.instalment_id || ', ' || s.step || ', episode ' || s.episode || ': task '
                || s.task_id
            FROM instalment_step AS s LEFT JOIN task AS t USING (task_id)
            WHERE s.task_id IS NOT NULL AND (
                t.customer_id IS DISTINCT FROM s.customer_id OR t.step IS DISTINCT FROM s.step
                OR NOT t.instalment_ids @> to_jsonb(CAST(s.instalment_id AS text))
            )
        """,
    ),
)
