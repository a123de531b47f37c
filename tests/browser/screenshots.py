"""Screenshots of every page, light and dark: python -m tests.browser.screenshots FOLDER [DATA SET AS IN THE BAR]"""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import quote

import app
from core.system.files import cache_dir
from tests.browser.chromium import chromium, dashboard, open_page

PAGES = tuple(name for name, *_ in app.PAGES)
OF_A_STORE = tuple(name for name in PAGES if name != "data")


def shoot(
    folder: Path, title: str = "", pages: tuple[str, ...] = PAGES, schemes: tuple[str, ...] = ("light", "dark")
) -> None:
    """Save `<page>-<scheme>.png` for each page."""
    folder.mkdir(parents=True, exist_ok=True)
    with dashboard(cache_dir()) as address, chromium() as browser:
        for scheme in schemes:
            context = browser.new_context(color_scheme=scheme, viewport={"width": 1440, "height": 1100})
            page = context.new_page()
            for name in pages:
                open_page(
                    page,
                    f"{address}/{'' if name == 'overview' else name}" + (f"?store={quote(title)}" if title else ""),
                )
                page.wait_for_timeout(1200)  # charts are drawn after the script has ended
                page.screenshot(path=str(folder / f"{name}-{scheme}.png"))
            context.close()


if __name__ == "__main__":
    shoot(Path(sys.argv[1]), *sys.argv[2:3])
