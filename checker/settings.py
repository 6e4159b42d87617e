"""What the checker reads from its environment, `DUEFLOW_...`: where everything is, and how often it looks."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import Port


class CheckerSettings(BaseSettings):
    """The settings of the checker as a service; `database_urls` are by service, of a role that may only read."""

    model_config = SettingsConfigDict(env_prefix="DUEFLOW_", frozen=True, extra="ignore")

    database_urls: dict[str, str] = Field(repr=False)
    kafka_bootstrap: str
    ledger_url: str
    api_key: str = Field(repr=False)
    api_keys_file: Path
    port: Port
    host: str = "127.0.0.1"
    topic_prefix: str = "dueflow."
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    check_every_seconds: float = Field(default=60, gt=0)
    check_topics_every_seconds: float = Field(default=3600, gt=0)
    check_patience_seconds: float = Field(default=20, ge=0)
