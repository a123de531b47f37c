"""The page Health: what it lists, what it shows of a finding, what becomes of copies."""

import json

import numpy as np
import pytest

from core.session.session import open_session, workspace_of
from core.studies.health import CHECKS, Finding, health
from core.studies.health.kept import SECONDS, comparisons
from core.studies.health.personal import covered_pieces
from pages.parts import health_run
from pages.parts.evidence import masked_previews
from pages.parts.health_copies import in_order
from tests.factories import KEY, alpaca, tiny_store
from tests.pages.conftest import box, config_in, take
from tests.sentences import SENTENCES

STORY = "Once upon a time a small fox lived in the deep wood by the river and slept under an old oak all day."
RECORDS = [
    {"instruction": "Tell me a story", "output": STORY},
    {"instruction": "Tell me a story now", "output": f"{STORY} It was <b>happy</b> there."},
    {"instruction": "Where does she live?", "output": "Write to anna.schmidt@web.de and ask."},
    {"instruction": "Go on", "output": "It rained all day. And then the other fox came home with"},
    *alpaca(8),
]


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    tiny_store(tmp_path, RECORDS, [{i % 3, 3 + i % 4} for i in range(len(RECORDS))],
               config=config_in(tmp_path), digests={"model": "m", "sae": "s", "data": "d"})  # fmt: skip
    return open_session(tmp_path / f"{KEY}.duckdb")


@pytest.fixture
def cache(session, tmp_path):
    return tmp_path


def component(at, end):
    """What a component of the page is given."""
    return next(json.loads(c.proto.json) for c in at.get("bidi_component") if c.proto.id.endswith(end))


def html(at):
    return "".join(found.proto.body for found in at.get("html"))


def listed(at, key="findings"):
    """The lines of the list of checks by name."""
    shown = component(at, f"health-{key}-list")
    return {check["name"]: check for family in shown["families"] for check in family["checks"]}


def test_what_languages_do_is_told_and_lists_have_them_as_a_column(tmp_path, visit):
    records = [{"instruction": SENTENCES[code], "output": SENTENCES[code]} for code in ["en"] * 6 + ["de"] * 5]
    features = [{0, 1} if i < 6 else {1} for i in range(11)]
    tiny_store(tmp_path, records, features, key="b" * 16, config=config_in(tmp_path),
               digests={"model": "m", "sae": "s", "data": "d"})  # fmt: skip
    at = visit("health", budget=3, store="b" * 16)
    told = [caption.value.replace("\\", "") for caption in at.caption]
    assert "Languages: English 55%, German 45%." in told
    assert "1 feature of 2 is covered in English only." in told
    names = [column["name"] for column in component(visit("search", store="b" * 16), "-search-list")["columns"]]
    assert "language" in names


def test_personal_data_is_masked_wherever_the_sample_is_read(visit, session):
    for asked in ({"row": 2}, {"row": 2, "find": "ask"}):
        at = visit("search", **asked)
        shown = "".join(found.proto.json for found in at.get("bidi_component")) + html(at)
        assert "a•••.•••••••@•••.••" in shown and "anna.schmidt" not in shown
        assert "The record" not in " ".join(fold.label for fold in at.expander)
    at.button(key="of-search-personal").click().run()
    assert "anna.schmidt" in html(at)
    pieces = ["Write to", " anna", ".schmidt@", "web.de", " or\n"]
    assert covered_pieces(pieces) == ["Write to", " a•••", ".•••••••@", "•••.••", " or\n"]


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        ({"find": "anna"}, ["…here does she live? Write to ", "a•••", ".•••••••@•••.•• and ask."]),
        (
            {"find": r"\S+@\S+", "find_regex": "true"},
            ["…here does she live? Write to ", "a•••.•••••••@•••.••", " and ask."],
        ),
    ],
)
def test_what_is_searched_for_is_masked_too(visit, asked, match):
    at = visit("search", row=2, **asked)
    (line,) = component(at, "-search-list")["rows"]
    assert line[-2:] == ["Where does she live?", match]
    assert "a•••.•••••••@•••.••" in html(at).replace("<mark>", "").replace("</mark>", "")


def test_every_check_masks_personal_data_and_lets_it_be_seen_but_the_one_that_looks_for_it(tmp_path, visit):
    records = [{"instruction": "Tell me", "output": f"{STORY} Ask anna.schmidt@web.de."}] * 2
    tiny_store(tmp_path, [*records, *alpaca(8)], [{i % 3, 3 + i % 4} for i in range(10)], key="b" * 16,
               config=config_in(tmp_path), digests={"model": "m", "sae": "s", "data": "d"})  # fmt: skip
    health(open_session(tmp_path / f"{'b' * 16}.duckdb").store)
    for check in ("exact-duplicates", "personal-data"):
        at = visit("health", check=check, store="b" * 16)
        shown = "".join(found.proto.json for found in at.get("bidi_component")) + html(at)
        assert "a•••.•••••••@•••.••" in shown and "anna.schmidt" not in shown
        assert [b.label for b in at.button if b.key == "of-health-personal"] == (
            ["Show personal data"] if check == "exact-duplicates" else []
        )
    at = visit("health", check="exact-duplicates", store="b" * 16)
    at.button(key="of-health-personal").click().run()
    assert "anna.schmidt" in html(at)


def test_the_checks_are_made_at_once_and_counted(visit, session):
    at = visit("health", budget=6)
    found = {name: f for name, f in health(session.store).items() if len(f.rows)}
    lines, kept = listed(at), at.session_state.view.selection.rows
    assert set(lines) == set(found) >= {"near-duplicates", "personal-data", "cut-answers"}
    for name, finding in found.items():
        assert lines[name]["shortfall"] == CHECKS[name].shortfall
        assert lines[name]["samples"] == len(finding.rows) and lines[name]["told"] == CHECKS[name].sentence
        assert lines[name]["all"] == pytest.approx(100 * len(finding.rows) / len(RECORDS))
        assert lines[name]["kept"] == pytest.approx(100 * np.isin(kept, finding.rows).mean())
    assert [f"{len(CHECKS) - len(found) - 2} checks found nothing", "2 checks need something more"] == [
        fold.label for fold in at.expander
    ]


def test_many_samples_are_checked_by_a_job(visit, session, monkeypatch):
    monkeypatch.setattr(health_run, "AT_ONCE", SECONDS)
    started = []
    monkeypatch.setattr(health_run, "begin", started.append)
    at = visit("health")
    assert not [c for c in at.get("bidi_component") if "health-findings" in c.proto.id]
    at.button(key="health-start").click().run()
    assert list(started[0].arguments) == ["health", "--store", KEY]
    health(session.store)
    assert "near-duplicates" in listed(at.run()) and not [b for b in at.button if b.key == "health-start"]


def test_personal_data_is_shown_nowhere(visit):
    at = visit("health", check="personal-data")
    assert at.title[0].value == "Personal data"
    rows = component(at, "health-list")["rows"]
    assert rows == [["2", "left out", "e-mail", rows[0][3], "Where does she live?",
                     ["Write to ", "a•••.•••••••@•••.••", " and ask."]]]  # fmt: skip
    everything = str(at.get("bidi_component")) + html(at) + "".join(str(e.value) for e in (*at.code, *at.markdown))
    assert "anna" not in everything and "schmidt" not in everything and "<mark>a•••.•••••••@•••.••</mark>" in html(at)


def test_tables_mask_personal_data_before_the_check_is_made_and_after(session):
    told = [("Where does she live?", "Write to a•••.•••••••@•••.•• and ask."), session.store.previews([0])[0]]
    assert masked_previews(session, np.array([2, 0])) == told
    health(session.store)
    assert masked_previews(session, np.array([2, 0])) == told


def test_the_map_has_a_finding_as_a_colour_by_its_name(visit, session):
    found = health(session.store)["near-duplicates"]
    shown = component(visit("map", colour="group", of="health:near-duplicates"), "-paint")
    assert shown["title"] == "finding: near duplicates"
    assert f"({len(found.rows)})" in " ".join(entry["name"] for entry in shown["legend"])


def test_the_end_of_a_cut_answer_is_marked(visit):
    at = visit("health", check="cut-answers", row=3)
    assert "<mark>It rained all day. And then the other fox came home with</mark>" in html(at)


def test_copies_are_banned_for_the_one_that_stays_and_the_page_says_so(visit, session):
    workspace, at = workspace_of(session.store), visit("health", check="near-duplicates")
    assert [row[:3] for row in component(at, "health-list")["rows"]] == [["0", "1", ""], ["1", "1", "✓"]]
    at.button(key="health-stay").click().run()
    assert [row[2] for row in component(at, "health-list")["rows"]] == ["✓", ""]
    at.button(key="health-ban-copies").click().run()
    assert at.button(key="take-decision").label == "Ban the 1 other" and workspace.state().bans == ()
    take(at, "health-ban-copies")
    state = workspace.state()
    assert state.bans == (1,) and state.ban_told(1) == "banned: near-copy of row 0, which stays"
    assert "Of each group one is left." in "".join(m.value for m in at.markdown)
    told = html(visit("health", check="near-duplicates", row=1))
    assert "Banned: near-copy of row 0, which stays" in told
    assert any("copy of row 0" in c.value for c in visit("why", row=1).caption)
    workspace.undo()
    assert workspace.state().bans == ()


def test_groups_of_copies_are_listed_the_largest_first():
    found = Finding("near-duplicates", np.array([1, 3, 4, 6, 7, 9]), (), np.array([1, 3, 1, 3, 3, 9]))
    assert [part.tolist() for part in in_order(found)] == [[3, 6, 7, 1, 4, 9], [1, 1, 1, 2, 2, 3]]


def test_what_a_copy_has_else_is_marked_and_escaped(visit):
    at = visit("health", check="near-duplicates", stays="first", row=1)
    assert (
        "Tell me a story <mark>now</mark>" in html(at) and "&lt;b&gt;happy" in html(at) and "<b>happy" not in html(at)
    )


def test_the_largest_findings_stand_on_the_overview(visit, session):
    at = visit("overview")
    assert "Check the data" in [link.proto.label for link in at.get("page_link")]
    found = health(session.store)
    labels = [link.proto.label for link in visit("overview").get("page_link")][1:]  # the bar has one
    most = max(len(f.rows) for name, f in found.items() if name != "similar-vectors" and not CHECKS[name].shortfall)
    assert labels[0].startswith(f"{most} samples") and "All checks" in labels


def test_a_comparison_with_test_questions_is_listed(visit, session, tmp_path):
    asked = tmp_path / "test.txt"
    asked.write_text("Once upon a time a small fox lived in the deep wood by the river and slept\n")
    health(session.store, ["contamination"], str(asked))
    at = visit("health", check="contamination")
    assert [row[0] for row in component(at, "health-list")["rows"]] == ["0", "1"]
    assert "contamination" in listed(visit("health"))
    asked.with_name("other.txt").write_text("A question that no sample of this small store holds in any of its turns\n")
    health(session.store, ["contamination"], str(asked.with_name("other.txt")))
    at = visit("health", check="contamination")
    choice = box(at, "Compared with")
    assert set(choice.options) == {"1 question of test.txt", "1 question of other.txt"}
    digest = next(name for name, found in comparisons(session.store).items() if len(found.rows))
    shown = component(visit("health", check="contamination", against=digest), "health-list")["rows"]
    assert [row[0] for row in shown] == ["0", "1"]
