"""Labels of topics: kept by the digest of the topics' SAE, apart from those of the tokens; made from whole samples."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.cli.app import main
from core.errors import StoreError
from core.features.labels import Label, book_of
from core.features.shown_labels import labels_of, labels_stamp
from core.sae.loading import sae_digest
from core.session.session import workspace_of
from core.store.reader import open_store
from tests.endpoint import serving
from tests.factories import TOPICS, alpaca, tiny_store

N = 12


def folder_of_sae(folder: Path, weights: bytes) -> Path:
    """What tells an SAE's folder: a digest over these two files."""
    folder.mkdir()
    (folder / "cfg.json").write_text("{}")
    (folder / "sae_weights.safetensors").write_bytes(weights)
    return folder


@pytest.fixture
def store(tmp_path: Path, monkeypatch):
    """Twelve samples: topic 1 is in each even one, topic 2 in all; feature 1 in the first four."""
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / "cache"))
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "SAELECT_LABEL_MODEL"):
        monkeypatch.delenv(name, raising=False)
    topics = [{2, *([1] if i % 2 == 0 else [])} for i in range(N)]
    features = [{0, *([1] if i < 4 else [])} for i in range(N)]
    digests = {"data": "d", "sae": "s" * 64}
    return open_store(tiny_store(tmp_path, alpaca(N), features, topics=topics, digests=digests))


def texts(store, lens: str, state=None) -> dict[int, tuple[str, str]]:
    return {f: (la.text, la.source) for f, la in labels_of(store, state, lens).items()}


def test_the_lenses_have_labels_of_their_own_from_every_source(store, tmp_path):
    folder = folder_of_sae(tmp_path / "topics", b"topics")
    store.meta["topics"] |= {"folder": str(folder), "digest": sae_digest(str(folder))}
    shipped = [{"feature": f, "label": "shipped", "lens": "topics"} for f in (0, 1, 2)]
    (folder / "labels.json").write_text(json.dumps([*shipped, {"feature": TOPICS, "label": "beyond"}]))
    book_of(store, "topics").add([Label(f, "imported", "imported") for f in (1, 2)])
    book_of(store).add([Label(2, "of tokens", "imported")])
    workspace = workspace_of(store)
    workspace.label(2, "mine", "topics")
    workspace.label(3, "my tokens")
    state = workspace.state()
    wanted = {0: ("shipped", "shipped"), 1: ("imported", "imported"), 2: ("mine", "manual")}
    assert texts(store, "topics", state) == wanted
    assert labels_of(store, state, "topics")[2].date == state.of("topics").dates[2][:10]
    assert texts(store, "tokens", state) == {2: ("of tokens", "imported"), 3: ("my tokens", "manual")}
    (folder / "sae_weights.safetensors").write_bytes(b"others")
    assert texts(store, "topics", state) == {f: text for f, text in wanted.items() if f}


def test_the_stamp_changes_with_the_labels_of_its_lens(store, tmp_path):
    folder = folder_of_sae(tmp_path / "topics", b"topics")
    store.meta["topics"] |= {"folder": str(folder), "digest": sae_digest(str(folder))}
    stamps, tokens = [labels_stamp(store, "topics")], labels_stamp(store)
    (folder / "labels.json").write_text("[]")
    stamps.append(labels_stamp(store, "topics"))
    assert labels_stamp(store) == tokens
    book_of(store, "topics").add([Label(0, "a", "auto")])
    stamps.append(labels_stamp(store, "topics"))
    assert len({*stamps, tokens}) == 4


def test_a_store_without_topics_or_without_an_sae_has_none(store):
    del store.meta["topics"]
    assert labels_of(store, None, "topics") == {} and labels_stamp(store, "topics")
    with pytest.raises(StoreError, match="does not say which SAE"):
        book_of(store, "topics")
    store.meta["config"]["sae"], store.meta["digests"]["sae"] = None, ""
    assert labels_of(store) == {} and labels_stamp(store)


# --- the commands


@pytest.fixture
def machine(store, capsys):
    def machine(command: str, *arguments: str) -> dict:
        assert main([command, "--store", str(store.path), "--json", *arguments]) == 0
        return json.loads(capsys.readouterr().out)

    return machine


def test_labels_of_topics_are_exported_imported_and_refused_for_tokens(store, machine, tmp_path, capsys):
    workspace_of(store).label(1, "even rows", "topics")
    assert machine("labels", "--lens", "topics") == {"lens": "topics", "features": TOPICS, "labelled": 1, "manual": 1}
    assert machine("labels") == {"lens": "tokens", "features": 16, "labelled": 0}
    out = tmp_path / "out.json"
    assert machine("labels", "--lens", "topics", "--export", str(out))["exported"] == 1
    workspace_of(store).undo()
    assert main(["labels", "--store", str(store.path), "--import", str(out)]) == 2
    assert "lens: row 0: is not tokens (value: 'topics')" in capsys.readouterr().err
    assert machine("labels", "--lens", "topics", "--import", str(out))["imported"] == 1
    assert texts(store, "topics") == {1: ("even rows", "imported")} and texts(store, "tokens") == {}


def judge(messages, n=0):
    """A judge that labels, and finds the samples of even number."""
    lines = messages[1]["content"].splitlines()[1:-1]
    if not lines[0].startswith("Label: "):
        return '{"label": "even questions"}'
    numbers = [int(line.split("question ")[1].split("⏎")[0]) for line in lines[1:]]
    return json.dumps({"active": [i for i, number in enumerate(numbers, 1) if number % 2 == 0]})


def test_topics_are_labelled_from_whole_samples_and_scored_by_them(store, machine, capsys):
    with serving(judge) as server:
        asked = ["--model", "judge", "--base-url", server.url, "--yes", "--lens", "topics"]
        found = machine("label", *asked, "--features", "1,2,7")
        systems = [body["messages"][0]["content"] for body in server.bodies]
        assert all("token" not in text for text in systems) and any("You name topics" in text for text in systems)
        shown = next(body["messages"][1]["content"] for body in server.bodies if "You name" in str(body))
        assert "1. Prompt: question " in shown and "⏎Response: answer " in shown and "<<" not in shown
        assert main(["label", "--store", str(store.path), *asked, "--features", "99"]) == 2
        assert "'99' is no topic of this store: they are 0 to 7." in capsys.readouterr().err
        assert machine("label", *asked, "--credited", "3")["labelled"] == 0  # those credited are labelled already
    assert found["lens"] == "topics" and found["problems"] == [
        {"feature": 7, "problem": "never active in this data set"}
    ]
    assert found["labels"] == [
        {"feature": 1, "label": "even questions", "score": 1.0},
        {"feature": 2, "label": "even questions", "score": None},
    ]
    assert set(texts(store, "topics")) == {1, 2} and texts(store, "tokens") == {}
