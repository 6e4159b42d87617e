"""The Chromium of this machine, with which tests look at pages."""

import shutil

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    """The program's path, None where there is none."""
    return next(filter(None, map(shutil.which, _NAMES)), None)
