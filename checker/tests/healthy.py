"""A few rows of each service's database as they are when all is well; a test edits one of them."""

from uuid import UUID

from checker.tests.seeding import Rows

CUSTOMER, INVOICE, INSTALMENT, PAYMENT = (UUID(int=number) for number in range(1, 5))
SALE, RECEIPT, CHECK, CONTACT = (UUID(int=number) for number in range(11, 15))
MESSAGE, LATER_MESSAGE, LOST_MESSAGE = (UUID(int=number) for number in range(21, 24))
CASE, NOTE, LAST = (UUID(int=number) for number in range(31, 34))
_WHOSE = {"customer_id": CUSTOMER, "entity": "qinghe", "currency": "CNY"}
_MOVE = {**_WHOSE, "instalment_id": INSTALMENT, "invoice_id": INVOICE}
_CREDIT = {**_WHOSE, "credit_id": PAYMENT, "credit_kind": "payment"}

STREAM: Rows = [
    ("customer", {"customer_id": CUSTOMER, "partition_no": 0}),
    ("stream_head", {"partition_no": 0, "epoch": 1, "sequence": 2, "acknowledged_sequence": 2, "last_event_id": LAST}),
    ("outbox", {"partition_no": 0, "epoch": 1, "sequence": 1}),
    ("outbox", {"partition_no": 0, "epoch": 1, "sequence": 2, "event_id": LAST}),
    ("stream_position", {"topic": "dueflow.credit", "partition_no": 0}),
    (
        "day_seen",
        {"partition_no": 1, "work_day": "2025-01-02", "work_marker": '[["ce_id", "1"], ["ce_time", "NOW"]]'},
    ),
    ("idempotency", {"caller": "erp", "route": "/v1/invoices", "key": "k", "status": 201}),
]

LEDGER: Rows = [
    ("entity", {"entity": "qinghe", "accounts": "china"}),
    (
        "invoice",
        {
            **_WHOSE,
            "invoice_id": INVOICE,
            "lines": '[{"minor": 50}, {"minor": 40}]',
            "tax_minor": 10,
            "total_minor": 100,
            "open_minor": 60,
            "state": "issued",
        },
    ),
    (
        "instalment",
        {
            **_MOVE,
            "ordinal": 1,
            "amount_minor": 100,
            "open_minor": 60,
            "open_at_due_minor": 60,
            "disputed_minor": 10,
        },
    ),
    ("payment", {**_WHOSE, "payment_id": PAYMENT, "amount_minor": 50, "unapplied_minor": 10}),
    ("credit_note", {**_WHOSE, "credit_note_id": NOTE, "total_minor": 5, "unapplied_minor": 5}),
    ("movement", {**_MOVE, "delta_minor": 100, "document_kind": "invoice", "document_id": INVOICE}),
    ("movement", {**_MOVE, "delta_minor": -40, "document_kind": "payment", "document_id": PAYMENT}),
    ("credit_movement", {**_CREDIT, "delta_minor": 50, "reason": "recorded"}),
    ("credit_movement", {**_CREDIT, "delta_minor": -40, "reason": "allocated"}),
    ("journal_entry", {**_WHOSE, "entry_id": SALE, "document_kind": "invoice", "document_id": INVOICE}),
    ("posting", {"entry_id": SALE, "ordinal": 1, "account": "1122", "amount_minor": 100}),
    ("posting", {"entry_id": SALE, "ordinal": 2, "account": "6001", "amount_minor": -100}),
    ("journal_entry", {**_WHOSE, "entry_id": RECEIPT, "document_kind": "payment", "document_id": PAYMENT}),
    ("posting", {"entry_id": RECEIPT, "ordinal": 1, "account": "1002", "amount_minor": 50}),
    ("posting", {"entry_id": RECEIPT, "ordinal": 2, "account": "1122", "amount_minor": -40}),
    ("posting", {"entry_id": RECEIPT, "ordinal": 3, "account": "2205", "amount_minor": -10}),
    ("business_day", {"day": "2025-01-01", "state": "closed"}),
    ("business_day", {"day": "2025-01-02", "state": "open", "turned_at": "now"}),
    ("worked_day", {"service": "credit", "day": "2025-01-01"}),
    *(
        ("audit_record", {"subject": subject, "action": action, "customer_id": CUSTOMER})
        for subject, action in (
            (INVOICE, "invoice_recorded"),
            (PAYMENT, "payment_recorded"),
            (NOTE, "credit_note_issued"),
            ("qinghe", "entity_recorded"),
        )
    ),
]

_ANSWER = (
    f'{{"customer_id": "{CUSTOMER}", "order_number": "x", "currency": "CNY", "amount": "0.10", "decision": "approve",'
    ' "business_date": "2025-01-01", "checked_at": "2025-01-01T00:00:00Z",'
    ' "exposure": {"with_order": {"amount": "70.00"}}, "limit": {"amount": "70.00"},'
    ' "group": {"exposure": {"with_order": {"amount": "80.00"}}, "limit": {"amount": "90.00"}}}'
)
_DEBT = {"customer_id": CUSTOMER, "currency": "CNY", "invoice_id": INVOICE}
_CHANGED = {"subject": f"customer/{CUSTOMER}", "customer_id": CUSTOMER}
_ORDER = {"check_id": CHECK, "customer_id": CUSTOMER, "currency": "CNY", "amount_minor": 10}
CREDIT: Rows = [
    ("balance", {**_WHOSE, "open_minor": 60}),
    ("receivable", {**_WHOSE, "invoice_id": INVOICE, "total_minor": 100, "open_minor": 60}),
    ("instalment", {**_DEBT, "amount_minor": 100, "open_minor": 60, "known_to": "infinity"}),
    ("profile", {"customer_id": CUSTOMER, "grade": "A", "country": "CN", "limit_minor": 7000, "limit_currency": "CNY"}),
    *(
        ("recorded_change", {**_CHANGED, "field": name, "before": before, "after": after})
        for name, before, after in (
            ("name", "null", '"x"'),
            ("kind", "null", '"x"'),
            ("country", "null", '"CN"'),
            ("grade", "null", '"B"'),
            ("grade", '"B"', '"A"'),
            ("limit", "null", '{"amount": "70.00", "currency": "CNY"}'),
        )
    ),
    ("risk", {"customer_id": CUSTOMER, "hold_id": CHECK, "light": "green"}),
    ("hold", {"customer_id": CUSTOMER, "hold_id": CHECK}),
    ("grading", {"customer_id": CUSTOMER, "own": "B"}),
    ("grade_override", {"customer_id": CUSTOMER, "grade": "A", "state": "approved", "end_date": "2025-02-01"}),
    ("credit_check", {**_ORDER, "decision": "approve", "answer": _ANSWER, "recorded_at": "2025-01-01T00:00:00Z"}),
    ("exchange_rate", {"base_currency": "USD", "quote_currency": "CNY", "rate": "7.1"}),
    ("reservation", {**_ORDER, "state": "live", "expires_date": "2025-02-01"}),
    ("day_seen", {"partition_no": 0, "work_day": "2025-01-31", "worked_at": "2026-01-01"}),
]

_MOVED = {"case_id": CASE, "customer_id": CUSTOMER}
_STEP = {"instalment_id": INSTALMENT, "episode": 1, "customer_id": CUSTOMER}
_LINES = f'[{{"instalment_id": "{INSTALMENT}", "episode": 1, "step": "reminder"}}]'
COLLECTIONS: Rows = [
    ("collection_case", {**_MOVED, "stage": "manager"}),
    ("case_entry", {**_MOVED, "kind": "CaseOpened", "detail": '{"stage": "salesperson"}'}),
    (
        "case_entry",
        {
            **_MOVED,
            "kind": "StageEscalated",
            "detail": '{"from_stage": "salesperson", "to_stage": "manager"}',
        },
    ),
    ("promise", {"customer_id": CUSTOMER, "state": "open", "lapses_date": "2025-02-01"}),
    ("reminder", {"reminder_id": MESSAGE, "customer_id": CUSTOMER, "state": "sent", "lines": _LINES}),
    ("task", {"task_id": NOTE, "customer_id": CUSTOMER, "step": "call", "instalment_ids": f'["{INSTALMENT}"]'}),
    ("instalment_step", {**_STEP, "step": "reminder", "state": "sent", "reminder_id": MESSAGE}),
    ("instalment_step", {**_STEP, "step": "call", "state": "assigned", "task_id": NOTE}),
    ("day_seen", {"partition_no": 0, "work_day": "2025-01-31", "worked_at": "2026-01-01"}),
]

_SENT = {"customer_id": CUSTOMER, "entity": "qinghe", "step": "reminder", "state": "sent", "formal": True}
_TAKEN = {"attempt_no": 1, "contact_point_id": CONTACT, "outcome": "taken", "civil_at": "2025-01-06T10:00:00+08:00"}
NOTIFICATIONS: Rows = [
    ("contact_point", {"contact_point_id": CONTACT, "customer_id": CUSTOMER, "zone": "Asia/Shanghai"}),
    *(
        row
        for message_id, planned_date in ((MESSAGE, "2025-01-06"), (LATER_MESSAGE, "2025-01-08"))
        for row in (
            (
                "message",
                {
                    **_SENT,
                    "message_id": message_id,
                    "reminder_id": message_id,
                    "attempts": 1,
                    "planned_date": planned_date,
                    "civil_date": planned_date,
                },
            ),
            ("message_line", {"message_id": message_id, "instalment_id": message_id, "step": "reminder"}),
            ("attempt", {**_TAKEN, "message_id": message_id}),
        )
    ),
    ("message", {"message_id": LOST_MESSAGE, "state": "unknown", "changed_at": "now"}),
]
