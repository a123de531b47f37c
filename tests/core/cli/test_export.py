"""The command that exports: one file, a folder, a zip, the hub; what it refuses, and that it agrees with the page."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from pyarrow.parquet import read_schema

from tests.fake_hub import fake_hub, point_at


@pytest.fixture
def export(run, tiny_store_path: Path):
    """`export` of three random samples of the tiny store."""
    return lambda *asked: run("export", "--method", "random", "--budget", "3", "--store", str(tiny_store_path), *asked)


def test_a_folder_and_its_replay(export, run, tiny_store_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine"
    done = export("--folder", str(out), "--validation", "0.34", "--to", "messages", "--license", "MIT")
    assert done.status == 0, done.err
    assert "3 records, 6 files: README.md, train.jsonl, validation.jsonl" in done.err
    assert "license: mit" in (out / "README.md").read_text()
    before = (out / "train.jsonl").read_bytes()
    (out / "train.jsonl").unlink()
    assert run("replay", str(out / "manifest.json"), "--store", str(tiny_store_path)).status == 0
    assert (out / "train.jsonl").read_bytes() == before
    done = export("--folder", str(out), "--to", "messages")
    assert done.status == 2 and "exists and is another file" in done.err and "--force" in done.err
    done = export("--folder", str(out), "--to", "messages", "--force")
    assert done.status == 0 and "Not of this export, and left as it was: validation.jsonl" in done.err


def test_a_zip_of_the_folder(export, tmp_path: Path) -> None:
    done = export("--folder", str(tmp_path / "mine"), "--zip", "--sampling", "gain", "--json")
    assert done.status == 0 and json.loads(done.out)["sampling"] == "gain"
    with zipfile.ZipFile(tmp_path / "mine.zip") as archive:
        assert {"mine/README.md", "mine/weights.jsonl", "mine/train.jsonl"} <= set(archive.namelist())
    assert not (tmp_path / "mine").exists()
    assert "exists and is another file" in export("--folder", str(tmp_path / "mine"), "--zip").err


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ((), "Say where to write: --out FILE, or --folder FOLDER"),
        (("--out", "a.jsonl", "--folder", "b"), "Say where to write"),
        (("--zip", "--push-to-hub", "me/mine"), "--zip needs --folder"),
        (("--out", "a.jsonl", "--split-seed", "3"), "--split-seed is for a whole data set: give --folder, not --out"),
        (("--out", "a.jsonl", "--license", "mit"), "--license is for a whole data set"),
        (("--out", "a.jsonl", "--order", "best"), "Unknown order 'best': use one of input, pick, source"),
        (("--folder", "b", "--sampling", "size"), "Unknown sampling 'size'"),
        (("--folder", "b", "--validation", "1"), "leaves none of 3 records to train on"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(export, tmp_path: Path, monkeypatch, asked, words: str) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    done = export(*asked)
    assert done.status == 2 and words in done.err, done.err
    assert [path for path in sorted(tmp_path.iterdir()) if path not in before and "workspace" not in path.name] == []


def test_the_hub_gets_it_after_a_yes(export, monkeypatch) -> None:
    with fake_hub() as hub:
        point_at(hub.url, monkeypatch)
        monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
        done = export("--push-to-hub", "me/mine")
        assert done.status == 2 and "Nothing was uploaded: answer y, or give --yes." in done.err
        assert "public, for everybody to see" in done.err and not hub.repos
        done = export("--push-to-hub", "me/mine", "--private", "--yes")
        assert done.status == 0 and f"Uploaded: {hub.url}/datasets/me/mine" in done.err
        assert {"README.md", "train.jsonl", "manifest.json", "rejects.jsonl", "map.svg"} <= set(hub.repos["me/mine"])
        assert hub.private == {"me/mine"}


def test_rejects_use_the_persons_own_labels(export, run, tiny_store_path: Path, tmp_path: Path) -> None:
    from core.session.session import open_session, workspace_of

    session = open_session(tiny_store_path)
    feature = int(session.matrix("all", session.default_theta()[0]).row(0)[0])
    workspace = workspace_of(session.store)
    workspace.label(feature, "my own name")
    workspace.veto([feature], "block")
    assert export("--lens", "tokens", "--out", str(tmp_path / "c.jsonl")).status == 0
    assert "“my own name”" in (tmp_path / "c.rejects.jsonl").read_text()


def test_a_file_for_embedding_atlas(run, tiny_store_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "atlas.parquet"
    asked = ("atlas", "--method", "random", "--budget", "3", "--store", str(tiny_store_path), "--out", str(out))
    done = run(*asked)
    assert done.status == 0, done.err
    assert "12 samples" in done.out and "--text text --x map_x --y map_y --features features" in done.out
    assert read_schema(out).names[:6] == ["row", "id", "text", "map_x", "map_y", "status"]
    assert run(*asked).status == 0  # the same file may be written again
    assert "exists and is another file" in run(*asked, "--seed", "5").err
