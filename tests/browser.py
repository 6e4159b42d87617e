"""A real Chromium for tests of pages, where the machine has one."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright, expect

from deploy.local.browser import find_chromium

_PATIENCE_MILLISECONDS = 120_000
expect.set_options(timeout=_PATIENCE_MILLISECONDS)


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """An empty page, on which an error of the page's own fails the test; skips where there is no Chromium."""
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium here: make browser")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox"], timeout=_PATIENCE_MILLISECONDS
        )
        page = await browser.new_page()
        page.set_default_timeout(_PATIENCE_MILLISECONDS)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        await browser.close()
        assert not errors, errors
