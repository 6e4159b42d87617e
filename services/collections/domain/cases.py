"""Opens, moves and closes the case of each entity by what its debts say today (K1, K2)."""

from dataclasses import replace
from datetime import date, timedelta

from services.collections.domain import stages
from services.collections.domain.book import Book, Moment
from services.collections.domain.days import Debt
from services.collections.domain.facts import CaseClosed, CaseOpened, StageEased, StageEscalated, StageReason
from services.collections.domain.records import Case
from services.collections.domain.stages import StagePolicy, Standing

BROKEN_PROMISE_FLOOR = "floor_broken_promise"
_ONE_DAY = timedelta(days=1)


def derive(book: Book, entity: str, at: Moment) -> None:
    """Bring the case of `entity` to where the debts, the promises and the policy put it on `at.today`."""
    case = book.open_case(entity)
    if not book.overdue(entity, at.today):
        if case is not None:
            _close(book, case, at)
        return
    policy = book.stage_policy(entity, at.today)
    debts = book.debts(entity, at.today)
    if case is None:
        case = _open(book, entity, policy, debts, at)
    _move(book, case, policy, debts, at)


def _stage_reason(case: Case) -> StageReason:
    """Return why the case stands where it stands."""
    return StageReason(
        rule=case.rule,
        policy_version=case.policy_version,
        anchor_instalment_id=case.anchor_instalment_id,
        days=case.days,
        true_since=case.since_date,
    )


def _open(book: Book, entity: str, policy: StagePolicy, debts: list[Debt], at: Moment) -> Case:
    """Open the case in its lowest stage, on the day the first debt of today's became overdue."""
    standing = stages.stand(policy, debts, grade=book.profile.grade, as_of=at.today)
    oldest = book.overdue(entity, at.today)[0]
    case = Case(
        case_id=at.id_of("case", entity),
        customer_id=book.customer_id,
        entity=entity,
        stage=policy.stages[0].code,
        rule="days" if standing.anchor_instalment_id is not None else standing.rule,
        policy_version=policy.version,
        anchor_instalment_id=standing.anchor_instalment_id,
        days=standing.days,
        since_date=min(oldest.due_date, at.today) + _ONE_DAY,
        opened_date=at.today,
    )
    book.cases[case.case_id] = case
    book.note(
        CaseOpened(
            effective_date=case.since_date,
            entity=entity,
            case_id=case.case_id,
            stage=case.stage,
            reason=_stage_reason(case),
        ),
        case.case_id,
    )
    return case


def _close(book: Book, case: Case, at: Moment) -> None:
    book.cases[case.case_id] = replace(case, closed_date=at.today)
    for promise in list(book.promises.values()):
        if promise.entity == case.entity and promise.floor_stage is not None:
            book.promises[promise.promise_id] = replace(promise, floor_stage=None, floor_since=None)
    book.note(
        CaseClosed(effective_date=at.today, entity=case.entity, case_id=case.case_id, reason="settled"), case.case_id
    )


def _move(book: Book, case: Case, policy: StagePolicy, debts: list[Debt], at: Moment) -> None:
    """Move the case to its stage: a rise stage by stage, a fall at once."""
    standing = stages.stand(policy, debts, grade=book.profile.grade, as_of=at.today)
    floor, floor_since = _floor(book, case.entity, policy)
    here, there = policy.index(case.stage), max(standing.stage, floor)
    for stage in range(here + 1, there + 1):
        if stage <= standing.stage:
            since = stages.since(policy, debts, grade=book.profile.grade, stage=stage, as_of=at.today)
            case = _at(case, policy, standing, stage=stage, rule=standing.rule, since=since)
        else:
            case = _at(case, policy, standing, stage=stage, rule=BROKEN_PROMISE_FLOOR, since=floor_since or at.today)
        book.note(_moved(StageEscalated, case, policy.stages[stage - 1].code))
    if there < here:
        left, rule = case.stage, standing.rule if standing.stage >= floor else BROKEN_PROMISE_FLOOR
        case = _at(case, policy, standing, stage=there, rule=rule, since=at.today)
        book.note(_moved(StageEased, case, left))
    # The anchor is kept as of now, so that the case shows its oldest debt though the stage is the same.
    book.cases[case.case_id] = replace(case, anchor_instalment_id=standing.anchor_instalment_id)


def _moved(kind: type[StageEscalated | StageEased], case: Case, from_stage: str) -> StageEscalated | StageEased:
    return kind(
        effective_date=case.since_date,
        entity=case.entity,
        case_id=case.case_id,
        from_stage=from_stage,
        to_stage=case.stage,
        reason=_stage_reason(case),
    )


def _at(case: Case, policy: StagePolicy, standing: Standing, *, stage: int, rule: str, since: date) -> Case:
    return replace(
        case,
        stage=policy.stages[stage].code,
        rule=rule,
        policy_version=policy.version,
        anchor_instalment_id=standing.anchor_instalment_id,
        days=standing.days,
        since_date=since,
    )


def _floor(book: Book, entity: str, policy: StagePolicy) -> tuple[int, date | None]:
    """Return the stage below which broken promises keep the case, and since when."""
    floors = [
        (policy.index(promise.floor_stage), promise.floor_since)
        for promise in book.promises.values()
        if promise.entity == entity and promise.floor_stage is not None
    ]
    return max(floors, key=lambda each: each[0], default=(0, None))
