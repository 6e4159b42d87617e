"""Which tables a service can rebuild from the others' topics alone, and why not its other ones."""

from collections.abc import Mapping

MIRRORS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "credit": {
        "balance": frozenset(),
        "instalment": frozenset(),
        "open_dispute": frozenset(),
        "promise_end": frozenset({"known_date"}),
        "receivable": frozenset({"matched_minor"}),
    },
    "ledger": {"credit_terms": frozenset(), "promised_terms": frozenset(), "worked_day": frozenset()},
    "collections": {
        "customer_profile": frozenset(),
        "entity": frozenset(),
        "receivable": frozenset({"dunning_from"}),
    },
    "notifications": {"creditor": frozenset(), "debt": frozenset(), "rest": frozenset()},
}
"""They follow from what the others told, but for these columns: what its own orders and disputes left there, and the
day on which it heard of something."""

SOURCES: Mapping[str, tuple[str, ...]] = {
    "credit": ("collections", "ledger"),
    "ledger": ("collections", "credit", "notifications"),
    "collections": ("credit", "ledger"),
    "notifications": ("collections", "ledger"),
}
"""Whose topics bring them back: what notifications answer to collections speaks of its own reminders, gone with it."""

_CALLS = "people and programs called it so; its own topic tells of it, and its backup keeps it"
_DECIDED = "decided by this service, from what was known on that day and what was called; told once, in its own topic"
_PARTLY = "what the others told, with what this service was called or decided in the same rows"
_LEARNT = "what a restored database learns from its own topic, until it has followed it"
_CORE = "how far the days are worked, and what was set aside; it is written anew by whoever reads again"

OWN: Mapping[str, Mapping[str, frozenset[str]]] = {
    "credit": {
        _CALLS: frozenset(
            {"credit_check", "customer_group", "customer_import", "exchange_rate", "grade_override", "profile_item"}
            | {"scorecard"}
        ),
        _DECIDED: frozenset({"grading", "hold", "recorded_change", "risk", "sales_ranking", "score", "timer"}),
        _PARTLY: frozenset({"profile", "reservation"}),
    },
    "ledger": {
        _CALLS: frozenset(
            {"bank_account", "business_day", "cancellation", "contract", "credit_movement", "credit_note", "entity"}
            | {"import", "import_chunk", "import_error", "invoice", "journal_entry", "movement", "payment"}
            | {"payment_reversal", "posting", "refund", "audit_record"}
        ),
        _PARTLY: frozenset({"instalment"}),
    },
    "collections": {
        _CALLS: frozenset({"dispute", "pause", "policy", "promise"}),
        _DECIDED: frozenset({"case_entry", "collection_case", "instalment_step", "reminder", "task"}),
    },
    "notifications": {
        _CALLS: frozenset({"contact_point", "message_look", "receipt", "sending", "template"}),
        _DECIDED: frozenset({"attempt", "message", "message_line"}),
        _LEARNT: frozenset({"told_message"}),
    },
}
"""Every other table, by the reason why an empty database does not get it back from the topics."""

CORE: Mapping[str, frozenset[str]] = {
    _CORE: frozenset({"customer", "day_seen", "discarded_item", "outbox", "parked_item", "quarantine"})
}
