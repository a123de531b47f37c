"""How long the Budget page takes to follow its slider, over the newest store: python -m benchmarks.slider

From the key press until the figures say the new budget, in headless Chromium: median and slowest of 20.
"""

from __future__ import annotations

import statistics
import time

from core.system.files import cache_dir
from tests.browser.chromium import chromium, dashboard, open_page

PRESSES = 20


def main() -> None:
    """Press the arrow key, wait for the figures, print the times."""
    times = []
    with dashboard(cache_dir()) as address, chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 1100})
        open_page(page, f"{address}/budget")
        page.get_by_test_id("stPopover").filter(has_text="%").first.get_by_role("button").click()
        slider = page.get_by_role("slider", name="By equal factors")
        slider.focus()
        for _ in range(PRESSES + 3):
            before = page.get_by_test_id("stMetricValue").nth(0).inner_text()
            began = time.perf_counter()
            slider.press("ArrowLeft")  # to the right it would reach its end
            page.wait_for_function(
                "old => document.querySelectorAll('[data-testid=stMetricValue]')[0]?.innerText !== old",
                arg=before,
                polling=5,
            )
            times.append(time.perf_counter() - began)
            page.wait_for_timeout(400)
    kept = sorted(1000 * t for t in times[3:])  # the first ones still fill caches
    print(
        f"key press to new figures: median {statistics.median(kept):.0f} ms, slowest {kept[-1]:.0f} ms of {len(kept)}"
    )


if __name__ == "__main__":
    main()
