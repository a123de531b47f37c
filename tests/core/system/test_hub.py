"""The hub's switch: thrown where the hub is out of reach, and back afterwards whatever happens."""

import socket
import threading
from contextlib import nullcontext

import datasets
import pytest
from huggingface_hub import constants

from core.errors import ModelError
from core.sae.loading import load_sae
from core.system import hub


def switches():
    return constants.HF_HUB_OFFLINE, datasets.config.HF_HUB_OFFLINE


@pytest.fixture
def network(monkeypatch):
    """Set whether connections succeed; the libraries' switches start as off."""
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)

    def change(there):
        class Connection:
            def __init__(self, *_, **__):
                if not there:
                    raise OSError("no network")

            def close(self):
                pass

        monkeypatch.setattr(socket, "create_connection", Connection)

    return change


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("fails", [True, False])
def test_offline_switches_both_libraries_and_back(network, there, fails):
    network(there)
    with pytest.raises(KeyError) if fails else nullcontext(), hub.offline() as alone:
        assert alone is (not there) and switches() == (not there, not there)
        if fails:
            raise KeyError
    assert switches() == (False, False)


def test_what_the_user_switched_off_stays_off(network, monkeypatch):
    network(True)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with hub.offline() as alone:
        assert alone and switches() == (True, True)
    assert switches() == (True, False)


def test_two_threads_do_not_restore_each_other(network):
    network(False)
    first_in, first_may_go = threading.Event(), threading.Event()

    def first():
        with hub.offline():
            first_in.set()
            first_may_go.wait(10)

    def second():
        first_in.wait(10)
        with hub.offline():
            assert switches() == (True, True)

    threads = [threading.Thread(target=run) for run in (first, second)]
    for thread in threads:
        thread.start()
    first_in.wait(10)
    first_may_go.set()
    for thread in threads:
        thread.join(10)
    assert switches() == (False, False)


def test_a_failed_sae_load_leaves_the_hub_on(network, monkeypatch, tmp_path):
    network(False)
    (tmp_path / "models--some--model").mkdir()  # else the SAE is refused before it is looked for
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match=r"could not be loaded \(the hub cannot be reached\)"):
        load_sae("gpt2-small-res-jb/blocks.0.hook_resid_pre")
    assert switches() == (False, False)


def test_in_hub_cache_looks_where_the_libraries_keep_copies(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "datasets"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    assert not hub.in_hub_cache("org/OpenName") and not hub.models_in_hub_cache()
    (tmp_path / "datasets" / "org___open_name").mkdir(parents=True)
    (tmp_path / "hub" / "models--org--model").mkdir(parents=True)
    assert hub.in_hub_cache("org/OpenName") and hub.models_in_hub_cache()
    assert not hub.in_hub_cache("org/other")
