"""What was not read of long samples: told on Overview, Why and Search, and excluded in one step."""

import numpy as np
import pytest

from core.session.cut import READ, cut_told, readings
from core.session.session import open_session, workspace_of
from pages.parts.text import plain
from tests.factories import KEY, with_counts
from tests.pages.conftest import N, listed

PROMPT_CUT, UNREAD = 3, [5, 9]


@pytest.fixture
def cut(cache):
    """The store of the dashboard, with a sample whose prompt was cut, and two of whose answer nothing was read."""
    whole = np.full((N, 3), 50)
    read = whole.copy()
    read[PROMPT_CUT, 0], read[UNREAD, 1] = 20, 0
    return open_session(with_counts(cache / f"{KEY}.duckdb", whole, read))


def test_overview_tells_and_excludes(visit, cut):
    at = visit()
    assert f":material/info: {plain(cut_told(cut.store))}" in [each.value for each in at.markdown]
    at.button(key="ban-unread").click().run()
    assert list(workspace_of(cut.store).state().bans) == UNREAD
    assert not [button for button in at.button if button.key == "ban-unread"]
    assert workspace_of(cut.store).undo() == "2 rows banned" and not workspace_of(cut.store).state().bans


def test_why_and_search_mark_the_samples(visit, cut):
    told = [caption.value for caption in visit("why", row=PROMPT_CUT).caption]
    assert any("Prompt cut: the model read 120 of its 150 tokens." in text for text in told)
    assert not any("the model read" in caption.value for caption in visit("why", row=0).caption)
    at = visit("search", find_read=READ[-1])
    assert any(caption.value.startswith(f"{len(UNREAD)} of {N} samples") for caption in at.caption)
    table = listed(at, "search")
    assert table["row"].tolist() == UNREAD and set(table["read"]) == {READ[-1]}


def test_a_store_that_was_read_whole_has_no_marks(visit, session):
    assert not readings(session).any()
    at = visit("search")
    assert "read" not in listed(at, "search").columns
    assert not [each for each in visit().markdown if "not read" in each.value]
