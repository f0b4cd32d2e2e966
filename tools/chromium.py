"""find_chromium: the browser that tests, pictures and figures of the page are made with."""

from __future__ import annotations

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
HOW_TO_GET_IT = "apt-get install chromium, or TAPEHEAD_CHROMIUM=its path"


def find_chromium() -> str | None:
    """Return the path of the one that TAPEHEAD_CHROMIUM names, else of one of the system; None where there is none."""
    return os.environ.get("TAPEHEAD_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
