"""Whom a message may go to: the choice among a customer's contact points (N3)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

BEFORE_DUE = "pre_due"

# Who in a company deals with invoices, the nearest first; any other role comes after these.
_ROLES = ("accounts_payable", "finance", "owner", "management", "purchasing")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPoint:
    """A person at a customer, with the addresses at which he may be reached."""

    contact_point_id: UUID
    customer_id: UUID
    customer_number: str
    company_name: str
    name: str
    role: str
    language: str
    zone: str
    email: str | None
    phone: str | None
    verified: bool
    address_for_service: bool
    opted_out: str | None
    email_invalid_reason: str | None
    phone_invalid_reason: str | None = None

    @property
    def serves(self) -> bool:
        """Return whether what is sent here counts as served: a verified person at the address the contract names."""
        return self.verified and self.address_for_service

    def reached_by(self, channel: str) -> bool:
        """Return whether this person has an address on the channel that is not known to be bad."""
        if channel == "sms":
            return bool(self.phone and not self.phone_invalid_reason)
        return bool(self.email and not self.email_invalid_reason)

    def refuses(self, purpose: str) -> bool:
        """Return whether this person wants no message of this purpose."""
        return self.opted_out == "all" or (self.opted_out == "before_due" and purpose == BEFORE_DUE)


@dataclass(frozen=True, slots=True)
class NoContact:
    """Nobody may be written to, and why."""

    reason: str


def choose_contact(
    contacts: Sequence[ContactPoint], *, channel: str, purpose: str, formal: bool, languages: Collection[str]
) -> ContactPoint | NoContact:
    """Return the best contact point on a channel; a formal message needs a verified address for service."""
    reachable = [each for each in contacts if each.reached_by(channel)]
    if not reachable:
        return NoContact("no_contact_point")
    proper = [each for each in reachable if each.serves] if formal else reachable
    if not proper:
        return NoContact("no_contact_for_service")
    willing = [each for each in proper if not each.refuses(purpose)]
    if not willing:
        return NoContact("opted_out")
    spoken = [each for each in willing if each.language in languages]
    if not spoken:
        return NoContact("no_approved_template")
    return min(spoken, key=lambda each: (_rank(each.role), not each.verified, not each.serves, each.contact_point_id))


def _rank(role: str) -> int:
    return _ROLES.index(role) if role in _ROLES else len(_ROLES)
