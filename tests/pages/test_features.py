"""The page of features through both lenses: what its card shows, what can be decided there, what is drawn when."""

import numpy as np
import pytest

from core.features.cards import topic_samples
from core.features.kinds import rest_told
from core.session.preview import effect, vetoed
from core.session.session import workspace_of
from tests.pages.conftest import make_store, metrics, take, topic_sets

KINDS = ("content word", "function word")


@pytest.fixture(params=["topics", "tokens"])
def lens(request):
    return request.param


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    make_store(tmp_path, topics=topic_sets())
    return tmp_path


def matrix_of(session, lens):
    return session.matrix("all", session.default_theta(lens=lens)[0], lens)


def html(at):
    return " ".join(element.proto.body for element in at.get("html"))


def veto_of(at):
    """The choice between counting, ignoring and excluding."""
    return next(group for group in at.segmented_control if group.label == "In the selection")


def table(at):
    """The first table of features."""
    return next(frame for frame in at.dataframe if frame.key.startswith("features-table-"))


def click(at, *places):
    """Click rows of the first table."""
    at.session_state[table(at).key] = {"selection": {"rows": list(places), "columns": [], "cells": []}}
    return at.run()


def test_the_card_of_a_topic_shows_whole_samples(visit, session):
    topic = 3
    at = visit("features", feature=topic)
    shown = html(at)
    assert f"data-testid='feature-face'>topic {topic}<" in shown
    assert any(f"Topic {topic} ·" in c.value for c in at.caption)
    for name, (rows, values) in topic_samples(matrix_of(session, "topics"), topic).items():
        assert (f">{name} · " in shown) == bool(len(rows))
        for row, value in zip(rows, values, strict=True):
            assert f"row={row}' target='_self'" in shown.replace("&#x27;", "'")
            assert f"question {row}<" in shown and f"answer {row} " in shown
            assert f"row {row}</a>" in shown and f"{value:.3g} · " in shown
    assert [tab.label for tab in at.tabs] == ["Samples", "Neighbours", "Values"]
    said = " ".join(str(x.value) for kind in (at.caption, at.markdown, at.button, at.toggle) for x in kind)
    assert "context" not in said.lower() and "token" not in said.lower()


def test_each_tab_of_a_card_is_drawn_when_it_is_opened(visit, session):
    at = visit("features", feature=3)
    for tab, says in (("Neighbours", "Together in samples"), ("Values", "Over ")):
        at.session_state["card-topics"] = tab
        at.run()
        assert not at.exception
        assert says in html(at) or any(caption.value.startswith(says) for caption in at.caption), tab


def test_the_card_of_a_token_feature_shows_contexts_and_its_kind(visit, session, monkeypatch):
    monkeypatch.setattr(type(session.store), "kinds", lambda _: dict.fromkeys(range(24), "content word"))
    at = visit("features", lens="tokens", feature=2)
    assert any(c.value.startswith("Feature 2 · content word · no label yet") for c in at.caption)
    assert [tab.label for tab in at.tabs] == ["Contexts", "Tokens it promotes", "Neighbours", "Values"]
    assert "border-bottom:2px solid currentColor" in html(at), "its peak is underlined"
    assert "promoted" not in html(at), "a tab is drawn when it is opened"


def test_features_of_wording_come_after_those_of_content_and_are_folded(visit, session, monkeypatch):
    monkeypatch.setattr(type(session.store), "kinds", lambda _: {f: KINDS[f % 2] for f in range(24)})
    at = visit("features", lens="tokens")
    active = np.flatnonzero(matrix_of(session, "tokens").density() > 0)
    assert sorted(table(at).value["feature"]) == [f for f in active if f % 2 == 0]
    assert rest_told([f for f in active if f % 2]) in [e.label for e in at.expander]
    assert len(at.dataframe) == 1, "the folded ones are not drawn"
    first = table(at).value["feature"].iloc[0]
    assert any(c.value.startswith(f"Feature {first} · content word") for c in at.caption)


def test_a_veto_is_one_of_three_and_can_be_changed_and_lifted(visit, session, lens):
    feature, workspace = 1, workspace_of(session.store)
    other = "tokens" if lens == "topics" else "topics"
    at = visit("features", lens=lens, feature=feature)
    assert veto_of(at).value == ""
    for mode, known in (("ignore", {feature: "ignore"}), ("block", {feature: "block"}), ("", {})):
        veto_of(at).set_value(mode).run()
        assert not at.exception
        assert veto_of(at).value == mode
        assert workspace.state().of(lens).vetoes == known
        assert not workspace.state().of(other).vetoes
    workspace.undo()
    at.run()
    assert veto_of(at).value == "block", "what is undone elsewhere is seen here"


def test_changing_a_veto_keeps_its_reason(visit, session):
    workspace = workspace_of(session.store)
    workspace.veto([1], reason="no code", lens="topics")
    at = visit("features", feature=1)
    assert table(at).value.set_index("topic").loc[1, ["veto", "reason"]].tolist() == ["ignored", "no code"]
    veto_of(at).set_value("block").run()
    assert workspace.state().of("topics").reasons == {1: "no code"}
    assert table(at).value.set_index("topic").loc[1, "veto"] == "excluded"


def test_several_are_decided_together(visit, session, lens):
    at = visit("features", lens=lens)
    chosen = table(at).value.iloc[:2, 0].tolist()
    click(at, 0, 1)
    at.text_input(key="group-name").set_value("noise").run()
    at.button(key="label-many").click().run()
    at = click(visit("features", lens=lens), 0, 1)
    at.text_input(key="group-name").set_value("noise").run()
    at.button(key="exclude-many").click().run()
    spec = at.session_state.view.spec
    found, told = effect(session, spec, vetoed(spec, chosen, "block")), metrics(at)
    assert told["Samples leave"][0] == str(len(found.leaving))
    assert told["Samples enter"][0] == str(len(found.entering))
    assert at.button(key="cancel-decision")
    assert not workspace_of(session.store).state().of(lens).vetoes, "nothing is decided yet"
    take(at, "exclude-many")
    own = workspace_of(session.store).state().of(lens)
    assert own.vetoes == dict.fromkeys(chosen, "block")
    assert own.labels == dict.fromkeys(chosen, "noise")
    assert own.reasons == dict.fromkeys(chosen, "noise")


def test_a_veto_that_changes_nothing_proposes_the_features_that_carry_the_same(visit, session, lens):
    at = visit("features", lens=lens)
    now = at.session_state.view
    feature = next(
        (f for f in range(now.matrix.n_features)
         if not len(effect(session, now.spec, vetoed(now.spec, [f], "ignore")).leaving)), None,
    )  # fmt: skip
    at = visit("features", lens=lens, feature=feature)
    at.toggle(key="before-veto").set_value(True).run()
    assert any(c.value.startswith("Ignored: nothing changes") for c in at.caption)


def test_all_that_a_search_finds_are_decided_together(visit, session, lens):
    for feature in (1, 2, 4):
        workspace_of(session.store).label(feature, "the sea", lens)
    at = visit("features", lens=lens, search="sea")
    n = len(table(at).value)
    assert n == 3
    noun = at.session_state.view.noun
    assert f"Decide on all {n} {noun}s that the search finds" in [e.label for e in at.expander]
    at.button(key="ignore-many").click().run()
    assert at.button(key="take-decision").label == f"Ignore {n} {noun}s"


def test_a_label_is_written_for_the_lens(visit, session, lens):
    at = visit("features", lens=lens, feature=1)
    at.text_input(key="label-1").set_value("the sea").run()
    at.button(key="save-1").click().run()
    assert workspace_of(session.store).state().of(lens).labels == {1: "the sea"}
    assert "data-testid='feature-face'>the sea<" in html(at)
    assert any("label: written by hand" in c.value.replace("\\", "") for c in at.caption)


def test_what_is_clicked_stays_when_a_decision_changes_the_list(visit, lens):
    at = visit("features", lens=lens)
    feature = table(at).value.iloc[2, 0]
    click(at, 2)
    assert at.query_params["feature"] == str(feature)
    veto_of(at).set_value("ignore").run()
    noun = "Topic" if lens == "topics" else "Feature"
    assert any(f"{noun} {feature} ·" in c.value for c in at.caption)


def test_what_is_shown_unasked_stays_when_a_decision_changes_the_list(visit, session, lens):
    at = visit("features", lens=lens)
    for mode in ("ignore", "block"):
        veto_of(at).set_value(mode).run()
    assert list(workspace_of(session.store).state().of(lens).vetoes.values()) == ["block"]


def test_another_lens_starts_at_its_own_first_feature(visit):
    at = visit("features", feature=5)
    next(g for g in at.segmented_control if g.label == "Look through").set_value("tokens").run()
    first = table(at).value["feature"].iloc[0]
    assert any(f"Feature {first} ·" in c.value for c in at.caption)


def test_what_would_change_is_told_in_the_words_of_the_lens(visit, lens):
    at = visit("features", lens=lens)
    at.toggle(key="before-veto").set_value(True).run()
    noun = "topic" if lens == "topics" else "feature"
    told = " ".join(c.value for c in at.caption)
    assert f"{noun}s" in told and ("would leave and" in told or "nothing changes: other" in told)
    assert not at.exception


def test_a_boost_of_one_topic_and_of_a_group_and_lifting_it(visit, session):
    at, workspace = visit("features", lens="topics", feature=1), workspace_of(session.store)
    at.number_input(key="boost-1-factor-1").set_value(2.5).run()
    at.button(key="boost-1-apply").click().run()
    assert workspace.state().of("topics").boosts == {1: 2.5}
    assert at.session_state.view.spec.boosts == {1: 2.5}
    at.button(key="boost-1-lift").click().run()
    assert not at.exception and workspace.state().of("topics").boosts == {}


def test_a_boost_that_changes_nothing_says_why(visit):
    at = visit("features", lens="topics", feature=1, method="random")
    at.button(key="boost-1-apply").click().run()
    told = next(m.value.replace("\\", "") for m in at.markdown if ":material/gavel:" in m.value)
    assert "The same samples are kept. random does not count topics: a method that does" in told
