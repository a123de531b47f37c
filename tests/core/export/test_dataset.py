"""A folder that leaves: what it holds, that the libraries load it, and that nothing is lost by writing it."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
import yaml

from core.datasets.samples import read_samples
from core.errors import DataError
from core.export.dataset import dataset_files, write_dataset, zipped
from core.export.facts import languages_of, length_table, read_of
from core.export.folder import replay
from core.export.settings import About, Shape
from core.schema import Message, Sample, SelectionSpec
from core.session.session import open_session, workspace_of
from tests.factories import alpaca, tiny_store

N = 12
SETS = [{i % 5, 5 + i % 3} for i in range(N)]
NAMES = {"README.md", "train.jsonl", "rejects.jsonl", "manifest.json", "map.svg"}


@pytest.fixture
def session(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / "cache"))
    records = [r | {"source": "ab"[i % 2]} for i, r in enumerate(alpaca(N))]
    (tmp_path / "cache").mkdir()
    meta = {"config": {"data": str(tmp_path / "cache" / "data.jsonl"), "model": "m", "sae": "", "max_tokens": 64}}
    meta |= {"digests": {"data": "d", "model": "m", "sae": ""}}
    return open_session(tiny_store(tmp_path / "cache", records, SETS, topics=SETS, **meta))


def made(session, shape=None, about=None, **changes) -> dict[str, bytes]:
    state = workspace_of(session.store).state()
    vetoes = state.of("topics").vetoes
    spec = SelectionSpec(**{"budget": 4, "lens": "topics", "vetoes": vetoes, "bans": state.bans, **changes})
    return dataset_files(session, session.selection(spec), state, shape or Shape(), about or About())


def test_the_folder_holds_what_the_card_names(session, tmp_path: Path) -> None:
    manifest = write_dataset(made(session), session, tmp_path / "out")
    files = {path.name: path for path in (tmp_path / "out").iterdir()}
    assert files.keys() == NAMES and manifest["n_records"] == 4
    card = files["README.md"].read_text()
    assert all(f"- `{name}`: " in card for name in NAMES - {"README.md"})
    assert str(tmp_path) not in card + files["manifest.json"].read_text(), "no folder of this machine"
    rejects = [json.loads(line) for line in files["rejects.jsonl"].read_text().splitlines()]
    assert len(rejects) == N - 4
    for reject in rejects:
        sample = session.store.samples([reject["row"]])[0]
        assert reject["text"].startswith(sample.prompt) and reject["reason"] and "most_similar" in reject


@pytest.mark.parametrize("to", ["original", "messages", "alpaca"])
@pytest.mark.parametrize("format", ["jsonl", "json", "parquet"])
def test_datasets_loads_the_folder_with_its_splits(session, tmp_path: Path, format: str, to: str) -> None:
    from datasets import load_dataset

    shape = Shape(format, "source", to, validation=0.25, sampling="gain")
    write_dataset(made(session, shape, budget=8), session, tmp_path / "out")
    found = load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "loaded"))
    assert {split: len(rows) for split, rows in found.items()} == {"train": 6, "validation": 2}
    card = (tmp_path / "out" / "README.md").read_text()
    assert f"`train.{format}`: the kept records to train on, 6 of them" in card
    assert f"`validation.{format}`: kept records held out for validation, 2 of them" in card


def test_what_was_written_can_be_read_again(session, tmp_path: Path) -> None:
    """As data for the next selection: the records alone, and not what stands beside them."""
    write_dataset(made(session, Shape(validation=0.25, sampling="gain")), session, tmp_path / "out")
    assert len(list(read_samples(tmp_path / "out"))) == 4


def test_replay_of_the_folder_makes_its_records_again(session, tmp_path: Path) -> None:
    write_dataset(made(session, Shape(validation=0.25)), session, tmp_path / "out")
    before = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    for name in ("train.jsonl", "validation.jsonl"):
        (tmp_path / "out" / name).unlink()
    replay(tmp_path / "out" / "manifest.json")
    assert {path: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_decisions_stand_in_the_card_with_their_reasons(session) -> None:
    workspace = workspace_of(session.store)
    workspace.veto([6], "block", "not <b>ours</b>", lens="topics")
    workspace.ban([0])
    workspace.note([0], "a duplicate of 5")
    workspace.label(6, "my own name", lens="topics")
    files = made(session)
    card, rejects = files["README.md"].decode(), files["rejects.jsonl"].decode()
    assert r"“my own name” (topic 6): samples that have it are left out (not \<b\>ours\</b\>)" in card
    assert "row 0: never kept (a duplicate of 5)" in card
    assert "excluded: it has “my own name” (topic 6)" in rejects, "the person's own labels, as on the pages"


def test_sources_and_languages_and_the_licence_as_given(session) -> None:
    card = made(session, about=About("My data", "CC-BY-4.0", "de, fr", "From two books."))["README.md"].decode()
    head = yaml.safe_load(card.split("---\n")[1])
    assert (head["license"], head["language"], head["pretty_name"]) == ("cc-by-4.0", ["de", "fr"], "My data")
    assert "From two books." in card and "| Source | Kept | All |" in card


def test_nothing_is_lost_by_writing_a_folder(session, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_dataset(made(session), session, out)
    write_dataset(made(session), session, out)
    before = {path: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(DataError, match="exists and is another file: give another name, or --force"):
        write_dataset(made(session, budget=5), session, out)
    assert {path: path.read_bytes() for path in out.iterdir()} == before
    write_dataset(made(session, budget=5), session, out, force=True)
    assert json.loads((out / "manifest.json").read_text())["n_records"] == 5
    with pytest.raises(DataError, match="cannot be made"):
        write_dataset(made(session), session, out / "README.md")


def test_what_an_earlier_export_left_and_this_one_has_not_is_removed(session, tmp_path: Path) -> None:
    out, held_out = tmp_path / "out", Shape(validation=0.25)
    write_dataset(made(session, shape=held_out), session, out)
    assert {path.name for path in out.iterdir()} == {*NAMES, "validation.jsonl"}
    (out / "notes.txt").write_text("mine")
    write_dataset(made(session), session, out, force=True)
    assert {path.name for path in out.iterdir()} == {*NAMES, "notes.txt"}
    write_dataset(made(session, shape=held_out), session, out, force=True)
    (out / "validation.jsonl").write_text("changed by hand")
    write_dataset(made(session), session, out, force=True)
    assert (out / "validation.jsonl").read_text() == "changed by hand"


def test_the_data_are_never_replaced(session, tmp_path: Path) -> None:
    data = tmp_path / "cache" / "train.jsonl"
    (tmp_path / "cache" / "data.jsonl").rename(data)
    session.store.meta["config"]["data"] = str(data)
    before = data.read_bytes()
    for named in (str(data), str(tmp_path / "cache"), str(tmp_path / "cache" / "*.jsonl")):
        session.store.meta["config"]["data"] = named
        with pytest.raises(DataError, match="is the data that was selected from"):
            write_dataset(made(session), session, tmp_path / "cache", force=True)
    assert data.read_bytes() == before and not (tmp_path / "cache" / "README.md").exists()


def test_a_zip_is_the_folder_and_the_same_twice(session) -> None:
    files = made(session)
    content = zipped(files, "mine")
    assert content == zipped(files, "mine")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {f"mine/{n}": c for n, c in files.items()}


def test_a_budget_in_tokens_and_the_other_lens(session) -> None:
    card = made(session, lens="tokens", unit="tokens", budget=12, method="longest-response")["README.md"].decode()
    assert "| Budget | 12 tokens |" in card and "Random records of as many tokens have" in card


def test_lengths_are_counted_in_ranges() -> None:
    import numpy as np

    tokens = np.array([40, 63, 64, 5000, 300])
    assert length_table(tokens, np.array([0, 3])) == [
        ("32 to 63", 1, 2), ("64 to 127", 0, 1), ("128 to 255", 0, 0), ("256 to 511", 0, 1), ("512 to 1,023", 0, 0),
        ("1,024 to 2,047", 0, 0), ("2,048 to 4,095", 0, 0), ("4,096 or more", 1, 1),
    ]  # fmt: skip


def test_languages_are_those_of_more_than_a_few_records() -> None:
    def samples(text: str, n: int) -> list[Sample]:
        return [Sample(0, (Message("user", text), Message("assistant", "…")), None)] * n

    english, german = samples("what is this and where are you", 30), samples("was ist das und wo sind wir denn", 3)
    assert languages_of(english + german) == ("en", "de")
    assert languages_of(english + german[:1]) == ("en",)
    assert languages_of(samples("12 + 3", 2)) == ()


def test_what_the_model_read_is_told() -> None:
    assert read_of({"max_tokens": 512}) == "at most 512 tokens"
    assert read_of({"max_tokens": 1024, "long": "windows"}) == "all, in windows of 1,024 tokens"
