"""Runs the mailbox: `python -m deploy.local.mailbox FOLDER SMTP_PORT PAGE_PORT`.

It listens on DUEFLOW_HOST, and tells DUEFLOW_SMS_RECEIPTS_URL what became of text messages, signed with
DUEFLOW_SMS_RECEIPT_SECRET; without that address it tells nobody.
"""

import asyncio
import os
import sys
from pathlib import Path

import uvicorn
from aiosmtpd.smtp import SMTP

from deploy.local.mailbox.catcher import LARGEST_BYTES, Catcher
from deploy.local.mailbox.pages import create_app
from deploy.local.mailbox.receipts import Receipts
from deploy.local.mailbox.store import MailStore
from deploy.local.mailbox.texts import TextStore
from shared.clock import MachineClock


async def main() -> None:
    """Serve SMTP and the page until SIGTERM; the page answers only when SMTP does."""
    folder, smtp_port, page_port = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    host, url = os.environ.get("DUEFLOW_HOST", "127.0.0.1"), os.environ.get("DUEFLOW_SMS_RECEIPTS_URL")
    clock = MachineClock()
    store, texts = MailStore(folder, clock=clock), TextStore(folder, clock=clock)
    receipts = Receipts(url=url, secret=os.environ["DUEFLOW_SMS_RECEIPT_SECRET"], clock=clock) if url else None
    smtp = await asyncio.get_running_loop().create_server(
        lambda: SMTP(Catcher(store), enable_SMTPUTF8=True, data_size_limit=LARGEST_BYTES), host, smtp_port
    )
    app = create_app(store, texts, receipts=receipts)
    page = uvicorn.Config(app, host=host, port=page_port, log_level="warning", server_header=False)
    async with smtp:
        await uvicorn.Server(page).serve()


asyncio.run(main())
