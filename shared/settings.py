"""What every service reads from its environment, `DUEFLOW_...`; a secret is a variable or a file, never an argument."""

import secrets
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

Port = Annotated[int, Field(ge=1, le=65535)]


class ServiceSettings(BaseSettings):
    """The settings that all services have; each service adds its own in a subclass."""

    model_config = SettingsConfigDict(env_prefix="DUEFLOW_", frozen=True, extra="ignore")

    database_url: str = Field(repr=False, pattern=r"^postgresql[+]asyncpg://")
    kafka_bootstrap: str
    api_keys_file: Path
    port: Port
    worker_port: Port
    host: str = "127.0.0.1"
    topic_prefix: str = "dueflow."
    partitions: int = Field(default=12, ge=1, le=1024)
    clock: Literal["civil", "fast"] = "civil"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    rate_per_second: float = Field(default=2000, gt=0)
    cursor_secret_file: Path | None = None

    def cursor_secret(self) -> bytes:
        """Return the secret that signs cursors; without a file a new one, so that cursors end with the process."""
        return self.cursor_secret_file.read_bytes() if self.cursor_secret_file else secrets.token_bytes(32)
