"""Every rule holds on healthy rows, compares something there, and catches the row that is edited against it (P11)."""

from collections.abc import Sequence

import pytest
from sqlalchemy import text

from checker import amounts, cases, changes, credit, days, entries, ledger, messages, streams
from checker.rules import Rule
from checker.snapshot import Snapshot
from checker.tests.conftest import OpenDatabase
from checker.tests.healthy import COLLECTIONS, CREDIT, LEDGER, NOTIFICATIONS, STREAM
from checker.tests.seeding import drop_guards, seed

HEALTHY = {"ledger": LEDGER, "credit": CREDIT, "collections": COLLECTIONS, "notifications": NOTIFICATIONS}
RULES: dict[str, Sequence[Rule]] = {
    "ledger": (*streams.RULES, *amounts.RULES, *ledger.RULES, *entries.RULES, *days.RULES),
    "credit": (*credit.RULES, *changes.RULES),
    "collections": cases.RULES,
    "notifications": messages.RULES,
}

# One edit for each rule.
EDITS = {
    "outbox-numbered": "DELETE FROM outbox WHERE sequence = 2",
    "outbox-fresh": "UPDATE outbox SET sequence = NULL, recorded_at = now() - interval '61 seconds' WHERE sequence = 2",
    "nothing-parked": "UPDATE customer SET parked_at = now()",
    "nothing-stopped": "UPDATE stream_position SET stopped_at = now(), stopped_reason = 'a hole'",
    "days-end-in-time": r"""UPDATE day_seen SET work_marker = '[["ce_time", "2025-01-01T00\:00\:00Z"]]'""",
    "money-whole": "ALTER TABLE payment ALTER unapplied_minor TYPE numeric",
    "answers-kept": "UPDATE idempotency SET status = NULL",
    "journal-balances": "UPDATE posting SET amount_minor = amount_minor + 1 WHERE account = '6001'",
    "control-account": "UPDATE posting SET account = '6001' WHERE account = '1122' AND amount_minor < 0",
    "unapplied-account": "UPDATE posting SET account = '2241' WHERE account = '2205'",
    "payment-conserved": "UPDATE payment SET unapplied_minor = unapplied_minor + 1",
    "credit-note-conserved": "UPDATE credit_note SET unapplied_minor = 4",
    "currencies-known": "UPDATE invoice SET currency = 'XQQ'",
    "documents-audited": "DELETE FROM audit_record WHERE action = 'payment_recorded'",
    "days-final": "UPDATE business_day SET turned_at = now() - interval '61 seconds' WHERE state = 'open'",
    "days-open-in-time": "UPDATE business_day SET state = 'marking', turned_at = now() - interval '16 minutes'",
    "stages-follow": "UPDATE collection_case SET stage = 'legal'",
    "promises-decided": "UPDATE promise SET lapses_date = '2025-01-30'",
    "rates-known": "UPDATE exchange_rate SET rate = 'NaN'",
    "attempts-end": "UPDATE attempt SET outcome = NULL, lease_until = now() - interval '6 minutes'",
    "invoice-conserved": "UPDATE invoice SET open_minor = open_minor - 1",
    "instalment-moved": "UPDATE instalment SET open_minor = open_minor - 1",
    "days-without-gap": "UPDATE business_day SET day = '2025-01-03' WHERE state = 'open'",
    "days-worked": "UPDATE worked_day SET day = '2025-01-02'",
    "dispute-flags": "UPDATE instalment SET disputed_minor = 101",
    "approved-within-limit": """UPDATE credit_check SET answer = jsonb_set(answer, '{limit,amount}', '"69.99"')""",
    "approval-reserved": "UPDATE reservation SET amount_minor = 9",
    "reservations-end": "UPDATE reservation SET expires_date = '2025-01-30'",
    "exposure-adds-up": "UPDATE receivable SET open_minor = 59",
    "debts-add-up": "UPDATE instalment SET open_minor = 59",
    "grades-in-force": "UPDATE profile SET grade = 'C'",
    "holds-in-force": "UPDATE risk SET hold_id = NULL",
    "overrides-end": "UPDATE grade_override SET end_date = '2025-01-30'",
    "message-once": "UPDATE message SET planned_date = '2025-01-06' WHERE planned_date = '2025-01-08'",
    "line-once": "UPDATE message_line SET instalment_id = '00000000-0000-0000-0000-000000000001'",
    "sent-by-attempt": "UPDATE attempt SET outcome = 'refused'",
    "success-once": "UPDATE attempt SET message_id = '00000000-0000-0000-0000-000000000001'",
    "looked-at": "UPDATE message SET edition = 1 WHERE formal",
    "unknown-decided": "UPDATE message SET changed_at = now() - interval '25 hours' WHERE state = 'unknown'",
    "claimed-on-fresh-positions": "UPDATE attempt SET positions_at = begun_at - interval '11 seconds'",
    "caps-kept": "UPDATE message SET civil_date = '2025-01-06' WHERE civil_date = '2025-01-08'",
    "movements-of-their-debts": "UPDATE movement SET customer_id = gen_random_uuid()",
    "dates-moved": "UPDATE instalment SET open_at_due_minor = 59",
    "entries-of-movements": "UPDATE journal_entry SET customer_id = gen_random_uuid()",
    "entries-of-documents": "UPDATE journal_entry SET document_kind = 'refund' WHERE document_kind = 'payment'",
    "invoices-add-up": "UPDATE invoice SET tax_minor = 9",
    "documents-as-audited": "UPDATE invoice SET recorded_day = '2025-01-02'",
    "changes-follow": """UPDATE recorded_change SET after = '"C"' WHERE before = 'null' AND field = 'grade'""",
    "profiles-as-changed": "UPDATE profile SET name = 'y'",
    "sent-to-their-own": "UPDATE contact_point SET customer_id = gen_random_uuid()",
    "entries-of-their-cases": "UPDATE case_entry SET customer_id = gen_random_uuid() WHERE kind = 'CaseOpened'",
    "steps-as-decided": "UPDATE instalment_step SET state = 'planned' WHERE reminder_id IS NOT NULL",
    "checks-as-answered": "UPDATE credit_check SET order_number = 'y'",
    "debts-known-throughout": "UPDATE instalment SET known_to = '2025-02-01'",
    "timers-set": "UPDATE customer SET next_date = '2025-02-01'",
    "quiet-hours-kept": "UPDATE attempt SET civil_at = '2025-01-06T18:00:00+08:00'",
}

# A rule that looks at several things is shown to see each of them.
FURTHER_EDITS = (
    ("ledger", "outbox-numbered", "UPDATE stream_head SET last_event_id = NULL"),
    ("ledger", "outbox-numbered", "DELETE FROM stream_head"),
    ("ledger", "movements-of-their-debts", "UPDATE movement SET due_date = '2025-01-02' WHERE delta_minor < 0"),
    ("ledger", "movements-of-their-debts", "UPDATE credit_movement SET credit_kind = 'credit_note'"),
    ("ledger", "dates-moved", "UPDATE instalment SET open_from_date = '2025-01-02'"),
    ("ledger", "dates-moved", "UPDATE invoice SET last_effective_date = '2025-01-02'"),
    ("ledger", "entries-of-movements", "UPDATE journal_entry SET posting_date = '2025-01-02'"),
    ("ledger", "entries-of-movements", "UPDATE movement SET rule = rule, recorded_day = '2025-01-02'"),
    ("ledger", "entries-of-documents", "UPDATE journal_entry SET document_number = 'y'"),
    ("ledger", "documents-as-audited", "UPDATE payment SET received_date = '2025-01-02'"),
    (
        "ledger",
        "documents-as-audited",
        """
        INSERT INTO refund (refund_id, payment_id, reference, amount_minor, refunded_date, recorded_day, recorded_at)
        SELECT gen_random_uuid(), payment_id, 'r', 1, '2025-01-01', '2025-01-01', now() FROM payment
        """,
    ),
    ("credit", "profiles-as-changed", "UPDATE profile SET limit_minor = 7001"),
    ("credit", "profiles-as-changed", "UPDATE profile SET key_customer = true"),
    ("credit", "profiles-as-changed", "UPDATE risk SET light = 'red'"),
    ("credit", "changes-follow", "UPDATE recorded_change SET subject = 'customer/x'"),
    ("credit", "checks-as-answered", "UPDATE credit_check SET recorded_at = now()"),
    ("credit", "checks-as-answered", "UPDATE reservation SET order_number = 'y'"),
    ("credit", "timers-set", "INSERT INTO timer SELECT customer_id, 'risk', '2025-02-01' FROM customer"),
    ("collections", "steps-as-decided", "UPDATE instalment_step SET episode = 2"),
    ("collections", "steps-as-decided", "UPDATE task SET step = 'visit'"),
    ("collections", "steps-as-decided", "DELETE FROM reminder"),
    ("notifications", "claimed-on-fresh-positions", "UPDATE attempt SET positions_at = begun_at + interval '1 day'"),
    ("notifications", "sent-to-their-own", "UPDATE message SET attempts = 2 WHERE attempts = 1"),
    ("notifications", "sent-to-their-own", "UPDATE attempt SET channel = 'sms'"),
)


@pytest.mark.parametrize("service", RULES)
async def test_p11_each_rule_holds_until_a_row_is_edited(open_database: OpenDatabase, service: str) -> None:
    """P11: each line of the check is shown to fail when it should, and not before."""
    async with open_database(service) as connection:
        await drop_guards(connection)
        await seed(connection, [*STREAM, *HEALTHY[service]])
        for rule in RULES[service]:
            healthy = await rule.decide(Snapshot(service, connection))
            assert (rule.name, healthy.compared > 0, healthy.differences) == (rule.name, True, ())
            async with connection.begin_nested() as edit:
                await connection.execute(text(EDITS[rule.name]))
                broken = await rule.decide(Snapshot(service, connection))
                await edit.rollback()
            assert (rule.name, broken.holds) == (rule.name, False)
            assert all(each.startswith(f"{service}: ") for each in broken.differences)


def test_p11_no_rule_goes_without_an_edit() -> None:
    """P11: whoever adds a rule shows how it fails."""
    assert {rule.name for rules in RULES.values() for rule in rules} == set(EDITS)


@pytest.mark.parametrize("service", RULES)
async def test_p11_a_rule_sees_all_that_it_looks_at(open_database: OpenDatabase, service: str) -> None:
    """P11: what a rule says of several columns or tables, it sees in each of them."""
    async with open_database(service) as connection:
        await drop_guards(connection)
        await seed(connection, [*STREAM, *HEALTHY[service]])
        for _, name, edited in (each for each in FURTHER_EDITS if each[0] == service):
            rule = next(each for rules in RULES.values() for each in rules if each.name == name)
            async with connection.begin_nested() as edit:
                await connection.execute(text(edited))
                broken = await rule.decide(Snapshot(service, connection))
                await edit.rollback()
            assert (name, edited, broken.holds) == (name, edited, False)
