"""Composes the notifications service: everything that leaves for a customer goes through here."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from fastapi import APIRouter

from services.notifications.api import contact_points, looks, messages, receipts, sending, templates
from services.notifications.consumers import NotificationsSubscription
from services.notifications.gateways import sms
from services.notifications.gateways.composing import Letterhead
from services.notifications.gateways.parcels import Courier
from services.notifications.gateways.sms import Texting
from services.notifications.gateways.smtp import MAIL_SECONDS, Server, send_mails
from services.notifications.gateways.text_templates import load_text_templates
from services.notifications.sender import Sender
from services.notifications.settings import NotificationsSettings
from services.notifications.store.told import note_told
from services.notifications.usecases.desk import CIVIL_LEASE, FAST_LEASE, Desk
from shared.contracts.notifications import DayWorked
from shared.run import run
from shared.service import Context, Service, topic_of

_FAST_SECONDS = 15
"""How long a courier may take for one message under the fast clock, where a day waits for each."""


def make_desk(context: Context) -> Desk:
    """Return the rules and tools of sending, as the settings say."""
    settings: NotificationsSettings = context.settings
    return Desk(
        outbox=context.outbox,
        letterhead=Letterhead(address=settings.mail_from),
        texting=Texting(settings.sms_providers, message_seconds=_patience(context.fast_clock, sms.MESSAGE_SECONDS)),
        texts=load_text_templates(settings.sms_templates),
        topics={publisher: topic_of(settings, publisher) for publisher in ("ledger", "collections")},
        fast_clock=context.fast_clock,
        lease=FAST_LEASE if context.fast_clock else CIVIL_LEASE,
        arrival_working_days=settings.arrival_working_days,
    )


def make_server(settings: NotificationsSettings, *, fast_clock: bool) -> Server:
    """Return where mails are handed over."""
    return Server(
        host=settings.smtp_host,
        port=settings.smtp_port,
        tls=settings.smtp_tls,
        sender=settings.mail_from,
        mail_seconds=_patience(fast_clock, MAIL_SECONDS),
        username=settings.smtp_username,
        password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
    )


def _patience(fast_clock: bool, seconds: float) -> float:  # noqa: FBT001 - it is the whole question
    return min(seconds, _FAST_SECONDS) if fast_clock else seconds


def make_couriers(desk: Desk, server: Server) -> Mapping[str, Courier]:
    """Return who hands over what, by channel."""
    return {"email": partial(send_mails, server), "sms": desk.texting.hand_over}


def make_background(context: Context) -> Sequence[Callable[[], Awaitable[None]]]:
    """Return the endless tasks of the worker: the sender."""
    desk = make_desk(context)
    server = make_server(context.settings, fast_clock=context.fast_clock)
    return [Sender(context, desk, make_couriers(desk, server)).run]


def make_routers(context: Context) -> Sequence[APIRouter]:
    """Return the routes, one router per noun."""
    desk = make_desk(context)
    return [
        contact_points.routes(context),
        messages.routes(context, desk),
        looks.routes(context, desk),
        receipts.routes(context, desk),
        templates.routes(context),
        sending.routes(context),
    ]


SERVICE = Service(
    name="notifications",
    title="Dueflow notifications",
    description="Contact points, messages, letters and their proof, templates.",
    settings=NotificationsSettings,
    listens_to=("ledger", "collections"),
    day_from="collections",
    day_worked=DayWorked,
    subscription=NotificationsSubscription,
    routers=make_routers,
    problem_types=(receipts.BAD_SIGNATURE,),
    background=make_background,
    on_new_epoch=note_told,
)

if __name__ == "__main__":
    run(SERVICE)
