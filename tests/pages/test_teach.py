"""The page Teach: what it asks, what it says of a concept, and what it refuses."""

from __future__ import annotations

from urllib.parse import parse_qs

from core.scoring.taught import all_of
from core.session.session import open_session
from tests.pages.conftest import N, listed, metrics

TEN = "rows:" + ",".join(str(row) for row in range(0, N, 3))


def button(at, key):
    return next(found for found in at.button if found.key == key)


def test_a_concept_is_taught_shown_and_deleted(visit, session):
    at = visit("teach", examples=TEN, called="every third", lens="tokens")
    assert any(caption.value == "14 samples." for caption in at.caption)
    button(at, "teach").click().run()
    assert not at.exception
    (name,) = all_of(session.store)
    assert at.session_state["taught"] == name == "every third"
    shown = metrics(at)
    assert shown["Examples"] == ("14", TEN.replace(":", "\\:")) and shown["Counterexamples"][1] == "random others"
    assert any("AUC by features" in label for label in shown)
    score = open_session(session.store.path).info.scores["concept:every third"]
    above = int((score >= 0.5).sum())
    kept = int((score[at.session_state.view.selection.rows] >= 0.5).sum())
    assert f"{above} samples at 0.50 or above, {kept} of them kept" in [head.value for head in at.subheader]
    assert len(listed(at, "taught")) == min(15, above) + min(15, N - above)
    (cap,) = (each.proto for each in at.get("page_link") if each.proto.label == "Cap them under Steer")
    asked = parse_qs(cap.query_string)
    assert (asked["steer-by"], asked["above"]) == (["above"], ["concept:every third@0.5"])
    button(at, "forget").click().run()
    assert not at.exception and not all_of(session.store) and not at.metric


def test_a_second_concept_is_taught_and_deleted_beside_the_first(visit, session):
    at = visit("teach", examples=TEN, called="every third", lens="tokens")
    button(at, "teach").click().run()
    for name in ("every other", "every other once more"):
        at.session_state["taught"] = ""
        at.run()
        at.text_input(key="called").set_value(name).run()
        button(at, "teach").click().run()
        assert not at.exception and at.session_state["taught"] == name in all_of(session.store)
        assert metrics(at)["Examples"][0] == "14"
    button(at, "forget").click().run()
    assert not at.exception and [*all_of(session.store)] == ["every other", "every third"]
    assert at.session_state["taught"] == "" and not at.metric and button(at, "teach")


def test_bare_numbers_are_rows_and_links_lead_to_where_samples_are_picked(visit):
    at = visit("teach", examples="2, 6, 7")
    assert "3 samples: 7 more are needed." in [caption.value for caption in at.caption] and not at.warning
    pages = [link.proto.page for link in at.get("page_link")]
    assert {"search", "map", "concepts"} <= set(pages)
    at = visit("concepts")
    assert "teach" in [link.proto.page for link in at.get("page_link")]


def test_what_cannot_be_taught_is_said(visit):
    at = visit("teach")
    assert button(at, "teach").disabled
    at = visit("teach", examples="rows:1,2,3", called="few")
    button(at, "teach").click().run()
    assert "10 examples or more" in at.warning[0].value
    at = visit("teach", examples="set:none", called="x")
    assert "There is no set" in at.warning[0].value and button(at, "teach").disabled
    at = visit("teach", examples="rows:" + ",".join(map(str, range(9))))
    assert "9 samples: 1 more is needed." in [caption.value for caption in at.caption]
    at = visit("teach", examples="question 1", called="a/b")
    assert any("samples." in caption.value for caption in at.caption), "words are looked for in the samples"
    button(at, "teach").click().run()
    assert "A concept is named by letters" in at.warning[0].value
