"""How requests name a customer: by id, by number, or by both where they agree."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from shared.ids import customer_id_of
from shared.web.models import SingleLine
from shared.web.problem_types import INVALID
from shared.web.problems import Problem

CustomerNumber = Annotated[str, SingleLine(64)]


def _named(customer_id: UUID | None = None, customer_number: CustomerNumber | None = None) -> UUID | None:
    if customer_number is None:
        return customer_id
    if customer_id not in {None, customer_id_of(customer_number)}:
        raise Problem(
            INVALID, errors=[{"pointer": "/customer_number", "detail": "Names another customer than customer_id"}]
        )
    return customer_id_of(customer_number)


NamedCustomer = Annotated[UUID | None, Depends(_named)]
