"""Labels: which one is shown, files of both formats, concurrent writers, the command."""

from __future__ import annotations

import gzip
import json
import multiprocessing
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cli.app import main
from core.errors import DamagedError, DataError, StoreError
from core.features.label_files import read_labels, write_labels
from core.features.labels import SOURCES, Label, LabelBook, book_of, cleaned
from core.features.shown_labels import best_labels, labels_of, labels_stamp
from core.sae.loading import sae_digest
from core.session.session import workspace_of
from core.store.reader import open_store
from core.workspace.actions import FeatureDecisions
from core.workspace.decisions import WorkspaceState
from tests.factories import alpaca, tiny_store
from tests.strategies import quick

F = 16
labels = st.lists(
    st.builds(
        Label, st.integers(0, 3), st.sampled_from("xyz"), st.sampled_from(SOURCES), st.just(""),
        st.one_of(st.none(), st.sampled_from([0.0, 0.25, 0.5, 1.0])), st.sampled_from(["", "m1", "m2"]),
    ),
    max_size=12,
)  # fmt: skip


@pytest.fixture
def sae_folder(tmp_path: Path) -> Path:
    """What tells an SAE's folder: a digest over these two files."""
    folder = tmp_path / "sae"
    folder.mkdir()
    (folder / "cfg.json").write_text("{}")
    (folder / "sae_weights.safetensors").write_bytes(b"weights")
    return folder


@pytest.fixture
def store(tmp_path: Path, sae_folder: Path, monkeypatch):
    """A store of four samples whose meta names the SAE, with a cache of its own."""
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / "cache"))
    meta = {"digests": {"data": "d", "sae": sae_digest(str(sae_folder))}}
    meta["config"] = {"data": "data.jsonl", "sae": str(sae_folder)}
    return open_store(tiny_store(tmp_path, alpaca(4), [[0, 1], [1], [2], [3]], n_features=F, **meta))


def written(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


# --- which label is shown


@quick
@given(labels)
def test_the_best_label_is_the_first_by_source_then_score_then_author(found):
    chosen = best_labels(found)
    assert list(chosen) == sorted({label.feature for label in found})
    for feature, best in chosen.items():
        for other in (label for label in found if label.feature == feature):
            scores = [-1 if label.score is None else label.score for label in (best, other)]
            order = SOURCES.index(best.source) - SOURCES.index(other.source)
            assert order < 0 or (order == 0 and (scores[0] > scores[1] or scores[0] == scores[1]))
            if order == 0 and scores[0] == scores[1]:
                assert best.author <= other.author


def test_a_persons_label_goes_first_then_the_folders_then_imported_then_automatic(store, sae_folder):
    everyone = [{"feature": f, "label": "folder", "source": "manual"} for f in (1, 2)]
    written(sae_folder / "labels.json", [*everyone, {"feature": 4, "label": "shipped"}, {"feature": -1, "label": "x"}])
    book = book_of(store)
    book.add([Label(f, "imported", "imported") for f in (2, 3)])
    book.add([Label(f, "weak", "auto", score=0.5, author="a") for f in (3, 4, 5)])
    book.add([Label(5, "strong", "auto", score=0.75, author="b")])
    workspace = workspace_of(store)
    workspace.label(1, "person\u202e")
    found = {f: (la.text, la.source) for f, la in labels_of(store, workspace.state()).items()}
    assert found == {
        1: ("person", "manual"),
        2: ("folder", "manual"),
        3: ("imported", "imported"),
        4: ("shipped", "shipped"),
        5: ("strong", "auto"),
    }
    workspace.undo()
    assert labels_of(store, workspace.state())[1].text == "folder"


def test_labels_of_another_sae_and_a_broken_labels_json_are_not_shown(store, sae_folder):
    LabelBook(book_of(store).path, "another").add([Label(0, "x", "imported")])
    (sae_folder / "labels.json").write_text("[{")
    assert labels_of(store) == {}
    written(sae_folder / "labels.json", [{"feature": 0, "label": "mine"}])
    assert labels_of(store)[0].text == "mine"
    (sae_folder / "sae_weights.safetensors").write_bytes(b"others")
    assert labels_of(store) == {}


def test_the_stamp_changes_with_every_kind_of_label(store, sae_folder):
    stamps = [labels_stamp(store)]
    book_of(store).add([Label(0, "a", "auto")])
    stamps.append(labels_stamp(store))
    written(sae_folder / "labels.json", [])
    stamps.append(labels_stamp(store))
    assert len(set(stamps)) == 3 and labels_stamp(store) == stamps[-1]


def test_a_store_without_a_sae_has_a_persons_labels_only(tmp_path, monkeypatch):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    bare = open_store(tiny_store(tmp_path, alpaca(2), [[0], [1]]))
    assert labels_of(bare, WorkspaceState(lenses={"tokens": FeatureDecisions(labels={1: "mine"})})) == {
        1: Label(1, "mine", "manual")
    }
    with pytest.raises(StoreError, match="which SAE"):
        book_of(bare)


@quick
@given(st.text(), st.integers(2, 40))
def test_cleaned_text_is_one_line_without_control_characters(text, most):
    found = cleaned(text, most)
    assert len(found) <= most and found == found.strip() and len(found.splitlines()) <= 1
    assert all(c in "\u200c\u200d" or unicodedata.category(c)[0] != "C" for c in found)
    if text.isascii() and text.isprintable() and len(text) <= most:
        assert found == " ".join(text.split())


# --- several writers


def many(path: Path, author: str) -> None:
    book = LabelBook(path, "sae")
    for feature in range(60):
        book.add([Label(feature, f"{author} {feature}", "auto", author=author), Label(feature, author, "imported")])


def test_two_processes_lose_nothing(tmp_path):
    path, context = tmp_path / "labels.sqlite", multiprocessing.get_context("spawn")
    processes = [context.Process(target=many, args=(path, author)) for author in ("one", "two")]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    found = LabelBook(path, "sae").labels()
    assert len(found) == 60 * 3  # an automatic one of each author; the imported ones replace each other
    assert {(la.feature, la.author) for la in found if la.source == "auto"} == {
        (f, author) for f in range(60) for author in ("one", "two")
    }


def test_a_file_that_is_no_database_is_one_sentence(tmp_path):
    (tmp_path / "labels.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(DamagedError, match=r"cannot be read, the file is damaged: it is kept as \w+\.sqlite\.damaged"):
        LabelBook(tmp_path / "labels.sqlite", "sae").labels()


# --- files


@quick
@given(st.dictionaries(st.integers(0, F - 1), st.tuples(st.text(min_size=1), st.none() | st.floats(0, 1)), min_size=1))
def test_what_was_written_is_read(tmp_path_factory, texts):
    wanted = [Label(f, cleaned(t), "auto", "2026-01-02", s, "m") for f, (t, s) in sorted(texts.items()) if cleaned(t)]
    path = tmp_path_factory.mktemp("l") / "labels.json"
    assert write_labels(path, reversed(wanted)) == len(wanted)
    if wanted:
        assert read_labels(path, F).labels == wanted
    else:
        with pytest.raises(DataError, match="has no labels"):
            read_labels(path, F)


NEURONPEDIA = [
    {
        "modelId": "gemma-2-2b", "layer": "20-gemmascope-res-16k", "index": "3", "description": " negations\x07\n here",
        "explanationModelName": "gpt-4o-mini", "typeName": "oai_token-act-pair", "createdAt": "2024-07-29T00:00:00",
    },
    {
        "modelId": "gemma-2-2b", "layer": "20-gemmascope-res-16k", "index": 4, "description": "a" * 300,
        "explanationModelName": "gemini", "scores": [{"value": 0.5}, {"value": 0.9}, {"value": 7.0}],
    },
    {"index": 4, "description": "worse", "explanationModelName": "gemini", "scores": [{"value": 0.7}]},
    {"feature": "5", "description": "no author", "scores": []},
]  # fmt: skip


@pytest.mark.parametrize("kind", ["json", "jsonl", "jsonl.gz"])
def test_neuronpedias_explanations_in_every_container(tmp_path, kind):
    lines = "".join(json.dumps(entry) + "\n" for entry in NEURONPEDIA).encode()
    content = {"json": json.dumps(NEURONPEDIA).encode(), "jsonl": lines, "jsonl.gz": gzip.compress(lines)}[kind]
    path = tmp_path / f"batch-0.{kind}"
    path.write_bytes(content)
    first, second, third = read_labels(path, F, neuronpedia="gemma-2-2b/20-gemmascope-res-16k").labels
    assert first == Label(3, "negations here", "imported", "2024-07-29T00:00:00", None, "gpt-4o-mini")
    assert (second.feature, second.text, second.score) == (4, "a" * 199 + "…", 0.9)
    assert third == Label(5, "no author", "imported")


def test_one_explanation_with_scores_alone_in_a_file_is_an_entry(tmp_path):
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps(NEURONPEDIA[1]))
    assert [la.score for la in read_labels(path, F).labels] == [0.9]


BAD = [
    ({"feature": 16, "label": "x"}, "feature: row 1: is no feature of this SAE, 0 to 15 (value: 16)"),
    ({"feature": True, "label": "x"}, "feature: row 1: is no feature of this SAE, 0 to 15 (value: True)"),
    ({"index": "²", "description": "x"}, "index: row 1: is no feature of this SAE"),
    ({"label": "x"}, "index: row 1: is no feature of this SAE, 0 to 15 (value: None)"),
    ({"feature": 1, "label": "\x00 "}, "label: row 1: is blank or no text"),
    ({"feature": 1, "label": ["x"]}, "label: row 1: is blank or no text (value: ['x'])"),
    ({"feature": 1, "label": "x", "score": 1.5}, "score: row 1: is no number from 0 to 1 (value: 1.5)"),
    ({"feature": 1, "label": "x", "score": float("nan")}, "score: row 1: is no number from 0 to 1 (value: nan)"),
    ({"feature": 1, "label": "x", "source": "me"}, "source: row 1: is none of manual, imported, shipped, auto"),
    ({"feature": 1, "label": "x", "date": 3}, "date: row 1: is no text (value: 3)"),
    (
        {"index": 1, "description": "x", "modelId": "gpt2", "layer": "6-res"},
        "modelId/layer: row 1: is not this",
    ),
    ({"feature": 1, "label": "x", "lens": "topics"}, "lens: row 1: is not tokens (value: 'topics')"),
    ("x", "row 1: is not an object (value: 'x')"),
]


@pytest.mark.parametrize(("entry", "words"), BAD, ids=[words[:40] for _, words in BAD])
def test_a_bad_entry_is_counted_and_named_or_skipped(tmp_path, entry, words):
    path = written(tmp_path / "labels.json", [{"feature": 0, "label": "good"}, entry])
    with pytest.raises(DataError) as error:
        read_labels(path, F, neuronpedia="gemma-2-2b/20-gemmascope-res-16k")
    assert f"labels.json: 1 of 2 entries cannot be used; first: {words}" in str(error.value)
    file = read_labels(path, F, skip_bad=True, neuronpedia="gemma-2-2b/20-gemmascope-res-16k")
    assert (len(file.labels), len(file.bad)) == (1, 1)


@pytest.mark.parametrize(
    ("content", "words"),
    [("feature,label\n1,x\n", "is CSV"), ("[]", "has no labels"), ('[{"feature": 1,', "breaks off"), ("", "is empty")],
)
def test_a_file_that_holds_no_labels_is_one_sentence(tmp_path, content, words):
    path = tmp_path / "labels.json"
    path.write_text(content)
    with pytest.raises(DataError, match=words):
        read_labels(path, F)
    with pytest.raises(DataError, match="no file of labels"):
        read_labels(tmp_path, F)


# --- the command


def test_import_export_and_list_by_command(store, tmp_path, capsys):
    def machine(*arguments: str) -> dict:
        assert main(["labels", "--store", str(store.path), "--json", *arguments]) == 0
        return json.loads(capsys.readouterr().out)

    assert machine() == {"lens": "tokens", "features": F, "labelled": 0}
    given_file = written(tmp_path / "np.json", [*NEURONPEDIA, {"index": "99", "description": "another SAE's"}])
    assert main(["labels", "--store", str(store.path), "--import", str(given_file)]) == 2
    assert "1 of 5 entries cannot be used; first: index: row 4" in capsys.readouterr().err
    assert machine("--import", str(given_file), "--skip-bad")["imported"] == 3
    workspace_of(store).label(5, "mine")
    assert machine() == {"lens": "tokens", "features": F, "labelled": 3, "imported": 2, "manual": 1}
    out = tmp_path / "out.json"
    assert machine("--export", str(out)) == {"lens": "tokens", "exported": 3, "file": str(out)}
    entries = json.loads(out.read_text())
    assert {e["lens"] for e in entries} == {"tokens"}
    assert [(e["feature"], e["source"]) for e in entries] == [(3, "imported"), (4, "imported"), (5, "manual")]
    assert machine("--import", str(out)) == {"lens": "tokens", "imported": 3, "skipped": 0}
    today = entries[-1]["date"]
    assert len(today) == 10 and labels_of(store)[5] == Label(5, "mine", "imported", today)


def test_a_file_of_labels_cut_short_or_changed_is_read_or_refused_in_one_sentence(tmp_path):
    entries = [
        {"feature": i, "label": f"é label {i}", "source": "auto", "author": "m", "score": 0.5} for i in range(40)
    ]
    whole, path, refused = json.dumps(entries, ensure_ascii=False).encode(), tmp_path / "labels.json", 0
    for at in range(0, len(whole), 97):
        for content in (whole[:at], whole[:at] + bytes(b ^ 0xA5 for b in whole[at : at + 9]) + whole[at + 9 :]):
            path.write_bytes(content)
            try:
                assert all(0 <= label.feature < 96 for label in read_labels(path, 96, skip_bad=True).labels)
            except DataError as error:
                refused += 1
                assert str(path) in str(error) and "\n" not in str(error)
    assert refused > 20
