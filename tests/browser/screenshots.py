"""Screenshots of every page, light and dark, on a screen, a laptop and a phone.

python -m tests.browser.screenshots FOLDER [DATA SET AS IN THE BAR]
"""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path
from urllib.parse import quote

import app
from core.system.files import cache_dir
from tests.browser.chromium import chromium, dashboard, open_page

PAGES = tuple(name for name, *_ in app.PAGES)
SCHEMES, SIZES = ("light", "dark"), ((1440, 900), (1280, 720), (390, 844))
OF_A_STORE = tuple(name for name in PAGES if name != "data")


def shoot(folder: Path, title: str = "", pages: tuple[str, ...] = PAGES) -> None:
    """Save `<page>-<scheme>-<width>.png` for each page, color scheme and size."""
    folder.mkdir(parents=True, exist_ok=True)
    store = f"?store={quote(title)}" if title else ""
    with dashboard(cache_dir()) as address, chromium() as browser:
        for scheme, size in product(SCHEMES, SIZES):
            context = browser.new_context(color_scheme=scheme, viewport={"width": size[0], "height": size[1]})
            page = context.new_page()
            for name in pages:
                open_page(page, f"{address}/{'' if name == 'overview' else name}{store}")
                page.wait_for_timeout(1200)  # charts are drawn after the script has ended
                page.screenshot(path=str(folder / f"{name}-{scheme}-{size[0]}.png"))
            context.close()


if __name__ == "__main__":
    shoot(Path(sys.argv[1]), *sys.argv[2:3])
