"""Text that wants to be code: in samples, labels, notes, reasons, names and file names it stays text on every page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from core.export.manifest import spec_dict
from core.extract.run import extract
from core.schema import ExtractConfig, SelectionSpec
from core.session.session import Session, open_session
from core.workspace.log import Workspace
from tests.browser.chromium import dashboard, open_page
from tests.browser.screenshots import PAGES

pytestmark = pytest.mark.browser
IMAGE = "<img src=x onerror=window.hacked=1>"
HOSTILE = (
    IMAGE,
    "<script>window.hacked=1</script>",
    "<svg onload=window.hacked=1><a href='http://evil.example/svg'>go</a></svg>",
    "<style>@import 'http://evil.example/x.css';</style><iframe src=http://evil.example/f></iframe>",
    "![picture](http://evil.example/a.png) [link](http://evil.example/b) <http://evil.example/c> http://evil.example/d",
    "[run](javascript:window.hacked=1) :material/home: :red[red] :smile: # heading",
    r"$\frac{1}{2}$ $$x^2$$ \(y\) `code` **bold** _it_",
    "\u202etfel ot thgir\u202c \u2066mark\u2069 \u200f",
    "\x1b[31mred\x1b[0m \x1b]8;;http://evil.example\x07link\x1b]8;;\x07",
    "'\"><button onclick=window.hacked=1 style='position:fixed;inset:0'>all</button>",
    "</div></span></td></table><base href=http://evil.example/>{{7*7}} %s \x00 \ud83d",
)
# What can only have come out of such a text; links of our own may carry it in their query.
MADE = """() => [
    ...[...document.querySelectorAll('[src*="evil"], [href*="evil"], [href^="javascript"], img[src="x"]')]
        .filter(e => !(e.tagName === 'A' && e.protocol === 'http:' && e.host === location.host)),
    ...document.querySelectorAll('iframe[src], base, [onerror], [onload], [onclick], .katex'),
    ...[...document.querySelectorAll('script, style')].filter(e => /evil|hacked/.test(e.textContent)),
].map(e => e.outerHTML.slice(0, 300))"""


@pytest.fixture(scope="module")
def hostile_cache(tiny, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with a store that the real pipeline made of hostile samples, and hostile decisions on it."""
    cache = tmp_path_factory.mktemp("hostile")
    data = cache / "$x$ **b** <img src=x onerror=hacked=1>.jsonl"
    texts = [HOSTILE[i % len(HOSTILE)] for i in range(30)]
    records = [
        {"messages": [{"role": "user", "content": f"{text} {i}"}, {"role": "assistant", "content": text * (1 + i % 3)}],
         "source": text}
        for i, text in enumerate(texts)
    ]  # fmt: skip
    records.append({"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": "A" * 2_000_000}]})
    data.write_text("".join(json.dumps(record) + "\n" for record in records))
    path = extract(ExtractConfig(str(data), tiny.config.model, tiny.config.sae, max_tokens=256, dtype="float32"), cache)
    decide(cache, open_session(path))
    return cache


def decide(cache: Path, session: Session) -> None:
    """Hostile labels, notes, reasons and names; a saved selection that lacks most of its fields."""
    workspace = Workspace(cache / "workspace.sqlite", session.store.key)
    kept = [text.replace("\ud83d", "") for text in HOSTILE]  # half a character cannot be typed
    for feature in range(session.store.n_features):
        workspace.label(feature, kept[feature % len(kept)])
    for row in range(session.store.n_samples):
        workspace.note(row, kept[row % len(kept)])
    for feature, text in enumerate(kept[:4]):
        workspace.veto([feature], reason=text)
    spec = spec_dict(session.selection(SelectionSpec(budget=3)))
    for text in kept:
        workspace.save_selection(text, spec)
    workspace.save_selection("incomplete", {"budget": 3})


@pytest.fixture(scope="module")
def address(hostile_cache: Path) -> Iterator[str]:
    with dashboard(hostile_cache) as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on which nothing of the text may have come to life."""
    context = browser.new_context(viewport={"width": 1440, "height": 1600})
    found, alarms, hosts = context.new_page(), [], set()
    found.on("dialog", lambda dialog: (alarms.append(dialog.message), dialog.dismiss()))
    found.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    yield found
    made = found.evaluate(MADE)
    assert not made, made
    assert found.evaluate("window.hacked") is None
    context.close()
    assert not alarms
    assert hosts <= {"127.0.0.1", "localhost", None}, hosts


@pytest.mark.parametrize("name", PAGES)
def test_no_page_runs_it(page: Page, address: str, name: str) -> None:
    path = "" if name == "overview" else name
    open_page(page, f"{address}/{path}?budget=8&grouped=true&colour=cluster")
    assert page.get_by_test_id("stException").count() == 0
    assert "onerror=hacked=1" in page.get_by_test_id("state-line").inner_text()


@pytest.mark.parametrize("row", range(len(HOSTILE)))
def test_why_shows_the_text_itself(page: Page, address: str, row: int) -> None:
    open_page(page, f"{address}/why?budget=8&row={row}")
    assert page.get_by_test_id("stException").count() == 0
    shown = "".join(page.locator(".reading .text").all_inner_texts()).replace("⏎", "").replace("\n", "")
    letters = HOSTILE[row].translate(dict.fromkeys(map(ord, "\u202e\u202c\u2066\u2069\x1b\x07\x00")))
    letters = letters.replace("\ud83d", "\ufffd").split("\ufffd")[0].strip()
    assert "".join(letters.split()) in "".join(shown.split())


def test_searching_for_it_finds_it(page: Page, address: str) -> None:
    open_page(page, f"{address}/search?find={quote(IMAGE)}")
    assert "3 of 31 samples" in page.get_by_test_id("stMain").inner_text()
    assert IMAGE in "".join(page.locator(".reading .text").all_inner_texts())


def test_a_hostile_expression_is_one_sentence(page: Page, address: str) -> None:
    open_page(page, f"{address}/search?find={quote('(' + IMAGE)}&find_regex=true")
    assert IMAGE in page.get_by_test_id("stAlert").inner_text()
    assert "is not a regular expression" in page.get_by_test_id("stAlert").inner_text()


def test_a_run_of_two_million_characters_is_no_burden(page: Page, address: str) -> None:
    open_page(page, f"{address}/why?row=30")
    assert page.get_by_test_id("stException").count() == 0
    assert page.evaluate("document.body.innerText.length") < 100_000


def test_a_label_is_shown_as_it_was_typed(page: Page, address: str) -> None:
    open_page(page, f"{address}/features?feature=11")
    assert page.get_by_test_id("feature-face").inner_text() == IMAGE


def test_the_selection_itself_is_made(hostile_cache: Path) -> None:
    session = open_session(next(hostile_cache.glob("*.duckdb")))
    assert len(session.selection(SelectionSpec(budget=8)).rows) == 8
