"""The bodies that an ERP sends: amounts are decimal strings, dates ISO 8601, currencies ISO 4217."""

from typing import Any, Literal, NotRequired, TypedDict


class Amount(TypedDict):
    """An amount with its currency."""

    amount: str
    currency: str


class Payee(TypedDict):
    """Whom and where to pay."""

    name: str
    account: str
    bank: str
    phone: str
    email: str
    bic: NotRequired[str]


class BankAccount(TypedDict):
    """An account to which customers pay one currency, from a date on."""

    currency: str
    holder: str
    bank: str
    number: str
    valid_from: str
    bic: NotRequired[str]


class Entity(TypedDict):
    """A creditor entity."""

    code: str
    name: str
    country: str
    zone: str
    currency: str
    accounts: Literal["china", "ifrs"]
    payee: Payee
    tax_number: NotRequired[str]
    address: NotRequired[str]
    sender_email: NotRequired[str]
    sms_signature: NotRequired[str]


class EntityReach(TypedDict, total=False):
    """How customers reach a creditor; null clears the address."""

    phone: str
    email: str
    address: str | None


class Terms(TypedDict):
    """When an invoice falls due: net days, the end of the month plus days, or a fixed day some months ahead."""

    kind: Literal["net", "end_of_month", "fixed_day"]
    days: NotRequired[int]
    day: NotRequired[int]
    months: NotRequired[int]


class Contract(TypedDict):
    """A contract's terms."""

    entity: str
    reference: str
    customer_number: str
    currency: str
    terms: Terms
    penalty_pct_per_day: NotRequired[str]
    security_rank: NotRequired[int]
    allocation: NotRequired[Literal["principal_first", "costs_interest_principal"]]


class Line(TypedDict):
    """A line of an invoice, without tax."""

    description: str
    amount: str


class Instalment(TypedDict):
    """A part of an invoice with its own due date."""

    due_date: str
    amount: str


class Invoice(TypedDict):
    """An invoice; due by its own `instalments` or `terms`, else by its contract's."""

    entity: str
    number: str
    customer_number: str
    issue_date: str
    currency: str
    lines: list[Line]
    tax: str
    total: str
    contract_reference: NotRequired[str]
    order_number: NotRequired[str]
    terms: NotRequired[Terms]
    instalments: NotRequired[list[Instalment]]
    penalty_pct_per_day: NotRequired[str]
    security_rank: NotRequired[int]


class Designation(TypedDict):
    """A debt that a payer names; without an amount, all of it."""

    invoice_number: str
    ordinal: NotRequired[int]
    amount: NotRequired[str]


class Payment(TypedDict):
    """Money received; `reference` is unique for the entity and source."""

    entity: str
    customer_number: str
    source: str
    reference: str
    received_date: str
    currency: str
    amount: str
    remittance: NotRequired[list[Designation]]


class CreditNote(TypedDict):
    """A credit note; with an invoice number it lowers that invoice."""

    entity: str
    number: str
    customer_number: str
    issue_date: str
    currency: str
    total: str
    tax: str
    reason: str
    invoice_number: NotRequired[str]


class Financials(TypedDict):
    """The figures of a financial statement, in major units of its currency."""

    statement_date: str
    currency: str
    current_assets: str
    current_liabilities: str
    total_assets: str
    total_liabilities: str
    sales: str
    net_profit: str
    retained_earnings: NotRequired[str]
    ebit: NotRequired[str]


class BankSummary(TypedDict):
    """What bank statements of a period came to, in major units of its currency."""

    start_date: str
    end_date: str
    currency: str
    average_balance: str
    monthly_inflow: str


class Customer(TypedDict):
    """A customer as credit knows him."""

    customer_number: str
    name: str
    kind: Literal["company", "public_body", "sole_trader"]
    country: str
    tax_number: NotRequired[str]
    industry: NotRequired[str]
    group: NotRequired[str]
    grade: NotRequired[Literal["A", "B", "C", "D"]]
    limit: NotRequired[Amount]
    key_customer: NotRequired[bool]
    registration_number: NotRequired[str]
    registration_state: NotRequired[Literal["active", "suspended", "revoked", "deregistered"]]
    registered_capital: NotRequired[Amount]
    founding_date: NotRequired[str]
    annual_sales: NotRequired[Amount]
    industry_standing: NotRequired[Literal["leader", "strong", "average", "weak"]]
    financials: NotRequired[Financials]
    bank_summary: NotRequired[BankSummary]
    judgments_count: NotRequired[int]
    enforcements_count: NotRequired[int]
    insured_amount: NotRequired[Amount]
    size_class: NotRequired[Literal["micro", "small", "medium", "large"]]


class Order(TypedDict):
    """An order to be checked before it ships."""

    customer_number: str
    order_number: str
    amount: str
    currency: str


class ContactPoint(TypedDict):
    """A person at the customer, and where to reach him."""

    customer_number: str
    company_name: str
    name: str
    role: str
    language: Literal["zh", "en"]
    zone: str
    verified: bool
    address_for_service: bool
    email: NotRequired[str]
    phone: NotRequired[str]


class Promise(TypedDict):
    """A promise to pay a sum by a date, for some invoices or for anything owed."""

    entity: str
    customer_number: str
    currency: str
    amount: str
    promised_date: str
    invoice_numbers: NotRequired[list[str]]


class Dispute(TypedDict):
    """An amount of an instalment that the customer contests."""

    entity: str
    customer_number: str
    invoice_number: str
    amount: str
    reason: str
    ordinal: NotRequired[int]


class Pause(TypedDict):
    """Dunning rests for an invoice, a customer or a case."""

    scope: Literal["invoice", "customer", "case"]
    customer_number: str
    start_date: str
    reason: str
    entity: NotRequired[str]
    invoice_number: NotRequired[str]
    end_date: NotRequired[str]


class GradeAsked(TypedDict):
    """A grade that shall hold until the end of a day, and why."""

    grade: Literal["A", "B", "C", "D"]
    end_date: str
    reason: str


class Scorecard(TypedDict):
    """A scorecard as YAML text, from a business day on; `file` is how errors name it."""

    file: str
    effective_from: str
    document: str


class Policy(TypedDict):
    """A playbook or stages as YAML text, for a segment (everybody without one), from a business day on."""

    name: str
    effective_from: str
    document: str
    segment: NotRequired[dict[str, Any]]
