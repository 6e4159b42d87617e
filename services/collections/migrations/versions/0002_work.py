"""The tables of the work on debts: steps, cases, reminders, promises, disputes, pauses, tasks and policies."""

from alembic import op

revision = "0002"
down_revision = "0001"

OWN = (
    # Each step happens once per instalment and episode: the key says so (K3, K5).
    """
    CREATE TABLE instalment_step (
        instalment_id uuid NOT NULL,
        episode integer NOT NULL,
        step text NOT NULL,
        customer_id uuid NOT NULL,
        state text NOT NULL CHECK (state IN (
            'planned', 'sent', 'unknown', 'undeliverable', 'awaiting',
            'assigned', 'done', 'refused', 'superseded', 'withdrawn'
        )),
        decided_date date NOT NULL,
        reason text,
        reminder_id uuid,
        task_id uuid,
        ran_from date,
        partition_no smallint NOT NULL,
        PRIMARY KEY (instalment_id, episode, step)
    )
    """,
    "CREATE INDEX instalment_step_decided ON instalment_step (decided_date, step)",
    """
    CREATE TABLE collection_case (
        case_id uuid PRIMARY KEY,
        customer_id uuid NOT NULL,
        entity text NOT NULL,
        stage text NOT NULL,
        rule text NOT NULL,
        policy_version text NOT NULL,
        anchor_instalment_id uuid,
        days integer NOT NULL,
        since_date date NOT NULL,
        opened_date date NOT NULL,
        closed_date date CHECK (closed_date >= opened_date),
        debtor_class text CHECK (debtor_class IN ('unwilling', 'in_difficulty', 'near_insolvency')),
        classified_date date,
        answered_date date,
        supply_stop_date date,
        partition_no smallint NOT NULL
    )
    """,
    # One open case per customer and entity (K1).
    "CREATE UNIQUE INDEX collection_case_open ON collection_case (customer_id, entity) WHERE closed_date IS NULL",
    """
    CREATE TABLE case_entry (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        batch_ordinal integer NOT NULL,
        entry_id uuid NOT NULL UNIQUE,
        case_id uuid NOT NULL,
        customer_id uuid NOT NULL,
        kind text NOT NULL,
        effective_date date NOT NULL,
        recorded_date date NOT NULL,
        recorded_at timestamptz NOT NULL,
        actor text NOT NULL,
        detail jsonb NOT NULL,
        partition_no smallint NOT NULL
    )
    """,
    "CREATE INDEX case_entry_case ON case_entry (case_id, id)",
    """
    CREATE TABLE reminder (
        reminder_id uuid PRIMARY KEY,
        customer_id uuid NOT NULL,
        case_id uuid,
        entity text NOT NULL,
        purpose text NOT NULL,
        step text NOT NULL,
        planned_date date NOT NULL,
        channels jsonb NOT NULL,
        formal boolean NOT NULL,
        answer_working_days integer,
        playbook_version text NOT NULL,
        lines jsonb NOT NULL,
        state text NOT NULL CHECK (state IN ('planned', 'sent', 'unknown', 'withdrawn', 'withheld', 'failed')),
        reason text,
        sent_date date,
        partition_no smallint NOT NULL
    )
    """,
    "CREATE INDEX reminder_customer ON reminder (customer_id, planned_date)",
    "CREATE INDEX reminder_planned ON reminder (customer_id) WHERE state = 'planned'",
    # A message is sent once; an intent that was withdrawn frees its key (K5).
    """
    CREATE UNIQUE INDEX reminder_once ON reminder (entity, customer_id, purpose, step, planned_date)
    WHERE state IN ('sent', 'unknown')
    """,
    """
    CREATE TABLE promise (
        promise_id uuid PRIMARY KEY,
        customer_id uuid NOT NULL,
        entity text NOT NULL,
        currency char(3) NOT NULL,
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        made_date date NOT NULL,
        promised_date date NOT NULL,
        lapses_date date NOT NULL CHECK (lapses_date >= promised_date),
        instalment_ids jsonb NOT NULL,
        covered_ids jsonb NOT NULL,
        state text NOT NULL CHECK (
            state IN ('proposed', 'open', 'kept', 'partly_kept', 'broken', 'withdrawn', 'refused')
        ),
        money jsonb NOT NULL,
        decided_date date,
        floor_stage text,
        floor_since date,
        reason text,
        partition_no smallint NOT NULL
    )
    """,
    "CREATE INDEX promise_customer ON promise (customer_id)",
    """
    CREATE TABLE dispute (
        dispute_id uuid PRIMARY KEY,
        customer_id uuid NOT NULL,
        entity text NOT NULL,
        invoice_id uuid NOT NULL,
        instalment_id uuid NOT NULL,
        currency char(3) NOT NULL,
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        resting_minor bigint NOT NULL CHECK (resting_minor BETWEEN 0 AND amount_minor),
        reason text NOT NULL,
        opened_date date NOT NULL,
        outcome text CHECK (outcome IN ('credited', 'partly_credited', 'rejected', 'withdrawn')),
        credited_minor bigint NOT NULL CHECK (credited_minor BETWEEN 0 AND amount_minor),
        resolved_date date,
        partition_no smallint NOT NULL,
        CHECK ((outcome IS NULL) = (resolved_date IS NULL))
    )
    """,
    "CREATE INDEX dispute_customer ON dispute (customer_id)",
    """
    CREATE TABLE pause (
        pause_id uuid PRIMARY KEY,
        customer_id uuid NOT NULL,
        entity text,
        scope text NOT NULL CHECK (scope IN ('invoice', 'customer', 'case')),
        invoice_id uuid,
        case_id uuid,
        start_date date NOT NULL,
        end_date date CHECK (end_date >= start_date),
        reason text NOT NULL,
        ended boolean NOT NULL,
        partition_no smallint NOT NULL
    )
    """,
    "CREATE INDEX pause_customer ON pause (customer_id)",
    """
    CREATE TABLE task (
        task_id uuid PRIMARY KEY,
        customer_id uuid NOT NULL,
        case_id uuid,
        entity text NOT NULL,
        kind text NOT NULL,
        step text,
        role text NOT NULL,
        watched_by text,
        assigned_date date NOT NULL,
        due_date date NOT NULL,
        instalment_ids jsonb NOT NULL,
        decides boolean NOT NULL,
        choices jsonb,
        subject_id uuid,
        proposed text,
        approved_by text,
        outcome text,
        note text,
        completed_by text,
        completed_date date,
        partition_no smallint NOT NULL,
        CHECK ((outcome IS NULL) = (completed_date IS NULL))
    )
    """,
    "CREATE INDEX task_open ON task (customer_id) WHERE outcome IS NULL",
    "CREATE INDEX task_list ON task (due_date, task_id) WHERE outcome IS NULL",
    """
    CREATE TABLE policy (
        version text NOT NULL,
        kind text NOT NULL CHECK (kind IN ('playbook', 'stages')),
        name text NOT NULL,
        effective_from date NOT NULL,
        segment jsonb NOT NULL,
        document text NOT NULL,
        loaded_by text NOT NULL,
        loaded_at timestamptz NOT NULL,
        PRIMARY KEY (kind, name, effective_from)
    )
    """,
)


def upgrade() -> None:
    for statement in OWN:
        op.execute(statement)
