"""Fixtures that several test files share."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, settings

from tests import kernel_cache
from tests.made_once import code, made_once
from tests.tiny import chatml_tokenizer, make_tiny, spare_umap, tiny_config

if "PYTEST_XDIST_WORKER" in os.environ:  # each worker has one core
    for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ.setdefault(name, "1")
kernel_cache.use()
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")  # a busy machine fails no test


def _shared(name: str) -> Path:
    """A folder beside the project; without it tests skip, but fail where CI is set."""
    folder = Path(__file__).resolve().parents[2] / "shared" / name
    if not folder.is_dir():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{folder} is not here")
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data files."""
    return _shared("data")


@pytest.fixture(scope="session")
def shared_cases() -> Path:
    """The folder of small files in layouts that went wrong, each with its right outcome."""
    return _shared("cases")


@pytest.fixture(scope="session")
def tokenizer():
    """That of the tiny model."""
    return chatml_tokenizer()


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory) -> Path:
    """A copy of what `make_tiny` makes, for this process alone."""
    folder = tmp_path_factory.mktemp("tiny") / "tiny"
    shutil.copytree(made_once("tiny", make_tiny, code()), folder)
    return folder


@pytest.fixture(scope="session")
def tiny_lm(tiny_folder) -> Path:
    """A folder with a random Llama of 4 blocks, 32 wide, and the tokenizer."""
    return tiny_folder / "lm"


@pytest.fixture(scope="session")
def tiny_saes(tiny_folder) -> dict[str, Path]:
    """Folders of a TopK and a JumpReLU SAE for the tiny model."""
    return {kind: tiny_folder / kind for kind in ("topk", "jumprelu")}


def _tiny(folder: Path, sae: str) -> SimpleNamespace:
    (store,) = (folder / f"{sae}-store").glob("????????????????.duckdb")
    return SimpleNamespace(data=folder / "data.jsonl", config=tiny_config(folder, sae), store=store)


@pytest.fixture(scope="session")
def tiny(tiny_folder) -> SimpleNamespace:
    """Everything that extraction reads (data, 30 samples; lm; sae) and a finished store of it, drawn with UMAP."""
    return _tiny(tiny_folder, "topk")


@pytest.fixture(scope="session")
def tiny_jumprelu(tiny_folder) -> SimpleNamespace:
    """The same with the JumpReLU SAE."""
    return _tiny(tiny_folder, "jumprelu")


@pytest.fixture(scope="module")
def workplace(tiny, tmp_path_factory):
    """A session on the tiny store, and for a module's tests a cache of their own."""
    from core.session.session import open_session

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAELECT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield open_session(tiny.store)


@pytest.fixture
def quick_map(monkeypatch):
    """Spare a test the time of UMAP, which a process compiles anew: 15 s."""
    spare_umap(monkeypatch)


@pytest.fixture
def save(tmp_path):
    """Write text or bytes to a file whose name says nothing, and give its path."""

    def write(content, encoding="utf-8"):
        path = tmp_path / "data.bin"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write
