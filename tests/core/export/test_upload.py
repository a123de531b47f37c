"""Upload to a hub of our own: what arrives, and each way it can go wrong in one sentence."""

from __future__ import annotations

import socket

import pytest

from core.errors import DataError
from core.export.upload import upload
from tests.fake_hub import fake_hub, point_at

FILES = {"README.md": b"---\nlicense: mit\n---\n\n# A title\n", "train.jsonl": b'{"a": 1}\n', "map.svg": b"<svg/>"}


@pytest.fixture
def hub(monkeypatch):
    with fake_hub() as running:
        point_at(running.url, monkeypatch)
        yield running


@pytest.mark.parametrize("private", [False, True])
def test_the_files_arrive_as_they_are(hub, private: bool) -> None:
    address = upload(FILES, "me/mine", private)
    assert address == f"{hub.url}/datasets/me/mine"
    assert {name: content for name, content in hub.repos["me/mine"].items() if name in FILES} == FILES
    assert hub.private == ({"me/mine"} if private else set())


def test_one_that_is_there_is_left_alone_without_force(hub) -> None:
    upload(FILES, "me/mine")
    before = dict(hub.repos["me/mine"])
    with pytest.raises(DataError, match=r"me/mine was not uploaded: there is a data set of this name already.*--force"):
        upload({"README.md": b"other"}, "me/mine")
    assert hub.repos["me/mine"] == before
    upload({"README.md": b"other"}, "me/mine", force=True)
    assert hub.repos["me/mine"] == before | {"README.md": b"other"}


def test_each_refusal_is_one_sentence(hub, monkeypatch) -> None:
    with pytest.raises(DataError, match="this token has no right to write there"):
        upload(FILES, "someone/else")
    with pytest.raises(DataError, match="'a b/c d' is no name of a data set"):
        upload(FILES, "a b/c d")
    hub.refuse = 400
    with pytest.raises(DataError, match=r"the hub answered 400: Not today\."):
        upload(FILES, "me/mine")
    monkeypatch.setenv("HF_TOKEN", "hf_bad")
    with pytest.raises(DataError, match="knows no valid token here: log in with `hf auth login`, or set HF_TOKEN"):
        upload(FILES, "me/other")
    assert "me/other" not in hub.repos


def test_without_a_network_nothing_is_tried(monkeypatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = f"http://127.0.0.1:{free.getsockname()[1]}"
    point_at(closed, monkeypatch)
    with pytest.raises(DataError, match=f"{closed} cannot be reached, so nothing was uploaded"):
        upload(FILES, "me/mine")
