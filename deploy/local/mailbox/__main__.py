"""Runs the mailbox: `python -m deploy.local.mailbox FOLDER SMTP_PORT PAGE_PORT`."""

import asyncio
import sys
from pathlib import Path

import uvicorn
from aiosmtpd.smtp import SMTP

from deploy.local.mailbox.catcher import LARGEST_BYTES, Catcher
from deploy.local.mailbox.pages import create_app
from deploy.local.mailbox.store import MailStore
from deploy.local.mailbox.texts import TextStore
from shared.clock import MachineClock

_HOST = "127.0.0.1"


async def main() -> None:
    """Serve SMTP and the page until SIGTERM; the page answers only when SMTP does."""
    folder, smtp_port, page_port = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    store, texts = MailStore(folder, clock=MachineClock()), TextStore(folder, clock=MachineClock())
    smtp = await asyncio.get_running_loop().create_server(
        lambda: SMTP(Catcher(store), enable_SMTPUTF8=True, data_size_limit=LARGEST_BYTES), _HOST, smtp_port
    )
    page = uvicorn.Config(
        create_app(store, texts), host=_HOST, port=page_port, log_level="warning", server_header=False
    )
    async with smtp:
        await uvicorn.Server(page).serve()


asyncio.run(main())
