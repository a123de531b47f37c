"""A small store and the whole dashboard over it, run without a browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox

from core.session.session import Session, open_session
from pages.parts import later
from tests.factories import KEY, TOPICS, alpaca, tiny_store

APP = Path(__file__).resolve().parents[2] / "app.py"
N, F = 40, 24
CONFIG = {"model": "models/tiny", "sae": "saes/tiny", "hook_point": "layers.1", "dtype": "float32", "max_tokens": 64}


def feature_sets(seed: int = 0) -> list[dict[int, float]]:
    """The features of N samples with their values: the first are common, the last rare, some nowhere."""
    rng = np.random.default_rng(seed)
    has = rng.random((N, F)) < np.geomspace(0.8, 0.03, F)
    has[:, -2:] = False
    has[np.arange(N), rng.integers(0, 3, N)] = True
    return [{int(f): float(rng.choice([1.0, 2.0, 3.0])) for f in np.flatnonzero(row)} for row in has]


def topic_sets(seed: int = 0) -> list[dict[int, float]]:
    """One to three topics of each of N samples with their values; the last topic is nobody's."""
    rng = np.random.default_rng(seed)
    few = (rng.choice(TOPICS - 1, rng.integers(1, 4), replace=False) for _ in range(N))
    return [{int(t): float(rng.choice([0.5, 1.0, 1.5])) for t in some} for some in few]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder with one store."""
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    make_store(tmp_path)
    return tmp_path


def make_store(folder: Path, key: str = KEY, seed: int = 0, **meta: object) -> Path:
    """A store of N samples in a folder."""
    digests = {"model": "m", "sae": "s", "data": "d"}
    return tiny_store(folder, alpaca(N), feature_sets(seed), key=key,
                      **{"n_features": F, "config": config_in(folder), "digests": digests, **meta})  # fmt: skip


def make_topics_alone(folder: Path, key: str = KEY, **meta: object) -> Path:
    """A store of N samples made without an SAE."""
    told = {"config": {**config_in(folder), "sae": ""}, "digests": {"model": "m", "sae": "", "data": "d"}}
    told |= {"n_features": 0, "topics": topic_sets(), "thetas": []}
    return tiny_store(folder, alpaca(N), [{}] * N, key=key, **(told | meta))


def config_in(folder: Path) -> dict[str, object]:
    """What was asked of extraction for the data in a folder."""
    return {**CONFIG, "data": str(folder / "data.jsonl")}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page waits for what it computes: no browser is here to draw it anew."""
    monkeypatch.setattr(later, "PATIENCE", 60)


@pytest.fixture
def session(cache: Path) -> Session:
    """What core says of the store."""
    return open_session(cache / f"{KEY}.duckdb")


@pytest.fixture
def visit(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Open a page at an address: visit("why", row=3)."""
    monkeypatch.setattr(PagesManager, "__init__", _through_app(PagesManager.__init__))

    def open_page(page: str = "overview", **query: object) -> AppTest:
        at = AppTest.from_file(str(APP), default_timeout=60)
        for name, value in query.items():
            at.query_params[name] = str(value)
        at.run()
        if page != "overview":
            at.switch_page(f"pages/{page}.py").run()
        assert not at.exception, at.exception[0].value
        return at

    return open_page


def _through_app(init: Callable[..., None]) -> Callable[..., None]:
    """AppTest forgets between runs that app.py has a navigation, and would run a page's file alone."""

    def remembered(self: PagesManager, *args: object, **options: object) -> None:
        init(self, *args, **options)
        PagesManager.uses_pages_directory = False

    return remembered


def box(at: AppTest, label: str) -> Selectbox:
    """The choice with a label."""
    return next(found for found in at.selectbox if found.label == label)


def metrics(at: AppTest) -> dict[str, tuple[str, str]]:
    """The figures of a page by name: value and note."""
    return {m.label: (m.value, m.delta) for m in at.metric}


def take(at: AppTest, opener: str) -> None:
    """Take the decision in a dialog; without a browser it is drawn only as long as its button is pressed."""
    at.button(key=opener).click()
    at.button(key="take-decision").click().run()


def listed(at: AppTest, key: str) -> pd.DataFrame:
    """What a list of samples shows, the rows as numbers; `key` as its page gives it to `beside`."""
    (found,) = (each.proto for each in at.get("bidi_component") if each.proto.id.endswith(f"-{key}-list"))
    data = json.loads(found.json)
    frame = pd.DataFrame(data["rows"], columns=[column["name"] for column in data["columns"]])
    return frame.assign(row=data["opens"])
