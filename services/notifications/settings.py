"""What notifications reads from its environment beyond what every service does: who takes its mails and texts."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from services.notifications.gateways.rendering import FOLDER
from services.notifications.gateways.sms import Provider
from services.notifications.gateways.smtp import Tls
from shared.settings import Port, ServiceSettings


class NotificationsSettings(ServiceSettings):
    """Settings of the notifications service."""

    smtp_host: str = "127.0.0.1"
    smtp_port: Port = 1025
    smtp_tls: Tls = "none"
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    mail_from: str = Field(default="receivables@dueflow.test", pattern=r"^[^@\s<>]+@[^@\s<>]+$")
    sms_providers: tuple[Provider, ...] = ()
    sms_templates: Path = FOLDER / "sms.yaml"
    arrival_working_days: int = Field(default=3, ge=1, le=30)

    @field_validator("sms_providers")
    @classmethod
    def _named_apart(cls, providers: tuple[Provider, ...]) -> tuple[Provider, ...]:
        if len({each.name for each in providers}) < len(providers):
            raise ValueError("each provider needs a name of its own")
        return providers
