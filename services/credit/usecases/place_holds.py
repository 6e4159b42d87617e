"""Places a hold on the deliveries of a customer whose supply a manager approved to stop (C6)."""

from dataclasses import replace
from uuid import UUID

from services.credit.domain.exposure import Parts
from services.credit.domain.holds import Hold
from services.credit.usecases.risk_desk import RiskDesk
from services.credit.usecases.risk_events import hold_placed, outgoing
from shared.contracts.collections import SupplyStopRequested
from shared.messaging.outgoing import Cause
from shared.messaging.subscription import Received


def place_hold(desk: RiskDesk, customer_id: UUID, received: Received, *, parts: Parts, cause: Cause) -> None:
    """Place a hold, unless one is open: another entity's request adds nothing, as all deliveries stop already.

    Whether it is paid for is asked from the next day on, when the ledger has told all that was known on this one.
    """
    event = received.event
    if not isinstance(event, SupplyStopRequested):
        raise TypeError(event.wire)
    risk = desk.risks[customer_id]
    if risk.hold_id is not None:
        return
    hold = Hold(
        hold_id=cause.id_of("hold"),
        customer_id=customer_id,
        partition_no=risk.partition_no,
        reason=event.reason,
        request_id=received.envelope.event_id,
        placed_date=received.envelope.business_date,
    )
    desk.hold(hold)
    desk.writing.events.append(outgoing(hold_placed(hold), hold, cause))
    desk.look(replace(risk, hold_id=hold.hold_id), parts=parts, cause=cause)
