"""How requests name people, and how they become requests to use cases."""

from typing import Annotated

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from services.notifications.usecases.request import Request
from shared.service import Context
from shared.web.idempotency import KeyedRequest
from shared.web.models import SingleLine

Name = Annotated[str, SingleLine(200)]
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.+-]{0,63}$", examples=["finance"])]

BATCH_ITEMS = 500


def _email(text: str) -> str:
    try:
        # A test environment allows .test, where the demo's customers live; no mail server would deliver there.
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError:
        raise PydanticCustomError("email", "Address must be one e-mail address such as ap@customer.example") from None
    return found.ascii_email or found.normalized


def _phone(text: str) -> str:
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        raise PydanticCustomError("phone", "Number must be E.164, such as +862161234567") from None
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if written != text or not phonenumbers.is_valid_number(number):
        raise PydanticCustomError("phone", "Number must be E.164, such as +862161234567")
    return written


EmailText = Annotated[str, SingleLine(254), AfterValidator(_email), Field(examples=["ap@customer.example"])]
PhoneText = Annotated[str, SingleLine(16), AfterValidator(_phone), Field(examples=["+862161234567"])]


def asked(context: Context, keyed: KeyedRequest) -> Request:
    """Return the request as use cases know it."""
    return Request(keyed.origin, context.clock.now())
