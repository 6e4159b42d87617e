"""The tables of collections by the records of the domain that they hold."""

from services.collections.domain.pauses import Pause
from services.collections.domain.receivables import Entity, Profile, Receivable
from services.collections.domain.records import Case, Dispute, Promise, Reminder, TakenStep, Task
from services.collections.store.table import Table

ENTITY = Table(Entity, "entity", ("entity",))
PROFILE = Table(Profile, "customer_profile", ("customer_id",))
RECEIVABLE = Table(Receivable, "receivable", ("instalment_id",))
STEP = Table(TakenStep, "instalment_step", ("instalment_id", "episode", "step"))
CASE = Table(Case, "collection_case", ("case_id",))
REMINDER = Table(Reminder, "reminder", ("reminder_id",))
PROMISE = Table(Promise, "promise", ("promise_id",))
DISPUTE = Table(Dispute, "dispute", ("dispute_id",))
PAUSE = Table(Pause, "pause", ("pause_id",))
TASK = Table(Task, "task", ("task_id",))
