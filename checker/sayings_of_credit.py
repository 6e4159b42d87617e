"""Which columns of credit follow from which fields of its events."""

from checker.as_told import SaidRows, Says
from shared.contracts import credit

_OF_CUSTOMER = "customer_id=@customer_id partition_no=@partition_no"

CREDIT = (
    SaidRows(
        service="credit",
        table="profile",
        key="customer_id",
        says=[
            *(
                Says(
                    event=event,
                    columns="partition_no=@partition_no customer_number=facts.customer_number kind=facts.kind"
                    " country=facts.country industry=facts.industry group_code=facts.group grade=facts.grade"
                    " key_customer=facts.key_customer",
                )
                for event in (credit.CustomerRegistered, credit.CustomerProfileChanged)
            ),
            Says(event=credit.GradeChanged, columns="grade"),
            Says(event=credit.CustomerBlacklisted, values={"blacklisted": True}),
            Says(event=credit.CustomerDelisted, values={"blacklisted": False}),
            Says(event=credit.InsolvencyRecorded, columns="insolvency_date=opened_date"),
            Says(event=credit.InsolvencyWithdrawn, values={"insolvency_date": None}),
        ],
        columns={
            "blacklisted": "blacklist_reason IS NOT NULL",
            "key_customer": "key_customer OR top_by_sales",
        },
    ),
    SaidRows(
        service="credit",
        table="risk",
        untold=True,
        first={"light": "green", "terms_days": None},
        key="customer_id",
        says=[
            Says(event=credit.AlertLevelChanged, columns="partition_no=@partition_no light"),
            Says(event=credit.CreditTermsChanged, columns="partition_no=@partition_no terms_days"),
        ],
    ),
    SaidRows(
        service="credit",
        table="reservation",
        key="reservation_id",
        says=[
            Says(
                event=credit.CreditReserved,
                columns=f"{_OF_CUSTOMER} order_number currency amount_minor rest_minor=amount_minor expires_date",
                values={"state": "live", "closed_date": None},
            ),
            Says(event=credit.CreditConsumed, key="reservation_id", columns="rest_minor"),
            Says(
                event=credit.CreditConsumed,
                key="reservation_id",
                only={"rest_minor": 0},
                columns="closed_date=@business_date",
                values={"state": "consumed"},
            ),
            Says(
                event=credit.CreditReleased,
                key="reservation_id",
                columns="state=reason closed_date=@business_date",
                values={"rest_minor": 0},
            ),
        ],
    ),
    SaidRows(
        service="credit",
        table="hold",
        key="hold_id",
        says=[
            Says(
                event=credit.CreditHoldPlaced,
                columns=f"{_OF_CUSTOMER} reason request_id",
                values={"lifted_date": None},
            ),
            Says(event=credit.CreditHoldLifted, columns="lift_reason=reason lifted_date=@business_date"),
        ],
    ),
    SaidRows(
        service="credit",
        table="score",
        key="customer_id cause_id",
        says=[
            Says(
                event=credit.CreditScored,
                key="@customer_id @causation_id",
                columns="partition_no=@partition_no scorecard scorecard_version points grade actor=@actor"
                " business_date=@business_date",
            )
        ],
    ),
    SaidRows(
        service="credit",
        table="recorded_change",
        query="""
            SELECT *, CAST(extract(epoch FROM recorded_at) * 1000000 AS bigint) AS recorded_us FROM recorded_change
        """,
        key="customer_id recorded_us",
        untold=True,
        may_go=True,
        says=[
            Says(
                event=event,
                key="@customer_id @recorded_us",
                columns="partition_no=@partition_no business_date=@business_date",
            )
            for event in (
                credit.CustomerRegistered,
                credit.CustomerProfileChanged,
                credit.GradeChanged,
                credit.CreditLimitChanged,
                credit.AlertLevelChanged,
            )
        ],
    ),
)
