"""What takes seconds is computed beside a page: it stands and says so, and is whole once that is done."""

from threading import Event, current_thread

import pytest

from core.session.budgets import RANDOM
from core.session.session import Session
from pages.parts import later
from tests.pages.conftest import make_store, metrics, topic_sets


@pytest.fixture
def held(monkeypatch):
    """Holds up a method of Session where it is called beside a page; gives what lets it go on."""
    go_on = Event()

    def hold(name):
        method = getattr(Session, name)

        def waits(*args, **options):
            if current_thread().name.startswith("later"):
                assert go_on.wait(60)
            return method(*args, **options)

        monkeypatch.setattr(Session, name, waits)
        monkeypatch.setattr(later, "PATIENCE", 0)
        return go_on

    yield hold
    go_on.set()


def done(at, go_on):
    """The page once all is there that it waits for."""
    go_on.set()
    for _ in range(5):  # what is there may lead to more
        for future in list(at.session_state["later"].values()):
            future.result(60)
        at.run()
    assert not waits_for(at)
    return at


def waits_for(at):
    return [c.value.partition(": ")[2].partition(" …")[0] for c in at.caption if "hourglass" in c.value]


def test_longest_response_stands_while_the_features_are_read(cache, visit, held):
    make_store(cache, topics=topic_sets())  # through which the bar looks
    go_on = held("raw_matrix")
    at = visit("longest")
    assert at.title[0].value == "Longest response"
    assert (waits_for(at), metrics(at)) == (["The features are read"], {})
    assert list(metrics(done(at, go_on))) == ["Pearson r, all", "Pearson r, prompt", "Pearson r, response"]


def test_compare_stands_while_the_methods_run_and_says_which(visit, held):
    go_on = held("selection")
    at = visit("compare")
    (methods,) = (box.value for box in at.multiselect if box.label == "Methods")
    assert at.title[0].value == "Compare"
    assert waits_for(at) == [f"Running {methods[0].replace('-', chr(92) + '-')}, 1 of {len(methods)} methods"]
    assert not at.dataframe
    (table,) = (frame.value for frame in done(at, go_on).dataframe)
    assert sorted(table["method"].replace(RANDOM, "random")) == sorted(methods)
