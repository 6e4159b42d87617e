"""What a service process is told through its environment; the administrator's addresses are not part of it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.servers import KAFKA_VARIABLE, POSTGRES_VARIABLE

SMTP_VARIABLE = "DUEFLOW_SMTP_HOST"
# A run on one machine is short, so the audit is anchored often.
_UNLESS_SET = {"DUEFLOW_LOG_LEVEL": "INFO", "DUEFLOW_AUDIT_ANCHOR_SECONDS": "10"}
SMS_VARIABLE = "DUEFLOW_SMS_PROVIDERS"
_PROVIDER = "local"


@dataclass(frozen=True, kw_only=True, slots=True)
class Installation:
    """What all services of one installation share."""

    bootstrap: str
    topic_prefix: str
    partitions: int
    api_keys_file: Path
    cursor_secret_file: Path | None = None
    fast_clock: bool = False
    mailbox_ports: tuple[int, int] | None = None  # of the page and of SMTP
    receipt_secret: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)

    def environment(self, *, database_url: str, port: int, worker_port: int) -> dict[str, str]:
        """The whole environment of one service: what the user set, then what this installation says."""
        given = {name: value for name, value in os.environ.items() if name not in {POSTGRES_VARIABLE, KAFKA_VARIABLE}}
        said = {
            "DUEFLOW_DATABASE_URL": database_url,
            "DUEFLOW_KAFKA_BOOTSTRAP": self.bootstrap,
            "DUEFLOW_TOPIC_PREFIX": self.topic_prefix,
            "DUEFLOW_PARTITIONS": str(self.partitions),
            "DUEFLOW_HOST": "127.0.0.1",
            "DUEFLOW_PORT": str(port),
            "DUEFLOW_WORKER_PORT": str(worker_port),
            "DUEFLOW_API_KEYS_FILE": str(self.api_keys_file),
            "DUEFLOW_CLOCK": "fast" if self.fast_clock else "civil",
            "PYTHONUNBUFFERED": "1",
        }
        if self.cursor_secret_file:
            said["DUEFLOW_CURSOR_SECRET_FILE"] = str(self.cursor_secret_file)
        return {**_UNLESS_SET, **given, **said, **self._mail(), **self._texts(), **self.extra}

    def mailbox_environment(self, notifications: Mapping[str, str] | None) -> dict[str, str]:
        """The whole environment of the mailbox; it tells receipts where it is the provider and somebody hears them."""
        said = {"DUEFLOW_HOST": "127.0.0.1"}
        if notifications is not None and self._texts():
            said["DUEFLOW_SMS_RECEIPTS_URL"] = (
                f"http://127.0.0.1:{notifications['DUEFLOW_PORT']}/v1/sms-receipts/{_PROVIDER}"
            )
            said["DUEFLOW_SMS_RECEIPT_SECRET"] = self.receipt_secret
        return {**os.environ, **said}

    def checker_environment(
        self, *, database_urls: Mapping[str, str], ledger_url: str, api_key: str, port: int
    ) -> dict[str, str]:
        """The whole environment of the checker, which may read everything and change nothing."""
        said = {
            "DUEFLOW_DATABASE_URLS": json.dumps(dict(database_urls)),
            "DUEFLOW_KAFKA_BOOTSTRAP": self.bootstrap,
            "DUEFLOW_TOPIC_PREFIX": self.topic_prefix,
            "DUEFLOW_LEDGER_URL": ledger_url,
            "DUEFLOW_API_KEY": api_key,
            "DUEFLOW_API_KEYS_FILE": str(self.api_keys_file),
            "DUEFLOW_HOST": "127.0.0.1",
            "DUEFLOW_PORT": str(port),
            "PYTHONUNBUFFERED": "1",
        }
        return {**_UNLESS_SET, **os.environ, **said, **self.extra}

    def _mail(self) -> dict[str, str]:
        if self.mailbox_ports is None:
            return {}
        return {
            SMTP_VARIABLE: "127.0.0.1",
            "DUEFLOW_SMTP_PORT": str(self.mailbox_ports[1]),
            "DUEFLOW_SMTP_TLS": "none",
        }

    def _texts(self) -> dict[str, str]:
        """Let the mailbox play the provider of text messages, unless the user has one."""
        if self.mailbox_ports is None or SMS_VARIABLE in os.environ:
            return {}
        mailbox = {
            "name": _PROVIDER,
            "url": f"http://127.0.0.1:{self.mailbox_ports[0]}/api/texts",
            "token": "local",
            "receipt_secret": self.receipt_secret,
            "keeps_references": True,
        }
        return {SMS_VARIABLE: json.dumps([mailbox])}
