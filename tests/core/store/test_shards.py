"""A store in shards: together they are its matrix, and `select --shards` selects from them."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from core.cli.app import app, main
from core.matrix.rows import stacked
from core.schema import SCOPES, SelectionSpec
from core.selection.sharded import select_sharded
from core.store.reader import open_store
from core.store.shards import store_shards
from tests.factories import alpaca, shards_of, tiny_store


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """A store with features of both lenses."""
    sets, topics = ([{(5 * i + j * j) % of for j in range(i % 6)} for i in range(20)] for of in (16, 8))
    return open_store(tiny_store(tmp_path_factory.mktemp("both"), alpaca(20), sets, topics=topics))


@pytest.mark.parametrize("lens", ["tokens", "topics"])
@pytest.mark.parametrize("scope", SCOPES)
def test_the_shards_together_are_the_matrix(both, workplace, scope, lens):
    store = both if lens == "topics" else workplace.store
    for n, theta in ((1, 0.0), (3, 0.5), (99, 0.0)):
        shards = list(store_shards(store, n, scope, theta, lens)())
        found, whole = stacked(shards), store.matrix(scope, theta, lens)
        assert len(shards) == min(n, store.n_samples) and found.n_features == whole.n_features
        for name in ("indptr", "feature", "value"):
            np.testing.assert_array_equal(getattr(found, name), getattr(whole, name))
        if lens == "tokens":
            np.testing.assert_array_equal(found.content, whole.content)
        else:
            assert found.content is whole.content is None


def selected(*options):
    done = CliRunner().invoke(app, ["select", "--json", *options])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_select_over_shards(workplace, tmp_path, capsys):
    store = ["--store", str(workplace.store.path), "--budget", "7", "--theta", "0.5"]
    plain, one, several = selected(*store), selected(*store, "--shards", "1"), selected(*store, "--shards", "4")
    assert {name: one[name] for name in plain if name in one} == {k: v for k, v in plain.items() if k != "coverable"}
    wanted = select_sharded(shards_of(workplace.matrix("all", 0.5), 4), SelectionSpec(budget=7, theta=0.5))
    assert several["shards"] == 4 and several["rows"] == wanted.rows.tolist()
    assert main(["select", *store, "--shards", "2", "--out", str(tmp_path / "out.jsonl")]) == 2
    assert "printed alone" in capsys.readouterr().err
