"""What the ledger reads from its environment beyond the settings of every service."""

from pydantic import Field

from shared.settings import ServiceSettings


class LedgerSettings(ServiceSettings):
    """The settings of the ledger's processes."""

    # Those who must have ended a day everywhere before the next one opens.
    day_followers: tuple[str, ...] = ("credit", "collections", "notifications")
    # Under the civil clock a follower that is down holds the next day up for so long; under the fast clock for ever.
    day_patience_minutes: int = Field(default=15, ge=0)
    auto_open_days: bool = False
    # A document that took effect more days before its recording is an exception, reported by person and month.
    back_dated_days: int = Field(default=7, ge=0)
    # How often the heads of the audit's chains are kept outside of the database: what is cut before that, nobody sees.
    audit_anchor_seconds: int = Field(default=3600, ge=1)
