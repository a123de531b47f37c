"""Extraction against a naive full forward; what decides a store's key; resuming after kills."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.datasets.samples import read_samples
from core.errors import SelectionError
from core.extract import projection, run
from core.extract.run import extract
from core.lm.chat import tokenize
from core.lm.language_model import SINK_NORM
from core.lm.sources import load_lm
from core.matrix.threshold import chosen_theta, theta_table
from core.sae.loading import load_sae
from core.schema import SCOPES, SEGMENTS, ExtractConfig, FeatureMatrix
from core.session.session import open_session
from core.store.contexts import BINS, DRAWN, SPREAD, STRONGEST, lots
from core.store.reader import open_store
from tests.stores import active_sets, content_of, rows
from tests.tiny import write_data

ROOT = Path(__file__).resolve().parents[3]


def naive(config, n_blocks=2):
    """Of each sample: its tokens, where content is bool (T,), activations float32 (T, F) with NaN elsewhere, states."""
    import torch

    lm, sae = load_lm(config.model, "cpu", "float32"), load_sae(config.sae).sae
    out = []
    for sample in read_samples(config.data):
        item = tokenize([sample], lm.tokenizer, config.max_tokens)[0]
        with torch.inference_mode():
            ids = torch.from_numpy(item.ids.astype(np.int64))[None]
            hidden = lm.model(input_ids=ids, output_hidden_states=True).hidden_states[n_blocks][0]
            dense = sae.encode(hidden).numpy()
        norm = hidden.norm(dim=-1).numpy()
        content = (item.segment >= 0) & (norm <= SINK_NORM * np.sort(norm)[(len(norm) - 1) // 2])
        out.append((item, content, np.where(content[:, None], dense, np.nan), hidden.numpy()))
    return out


@pytest.fixture(scope="module", params=["topk", "jumprelu"])
def case(request, tiny, tiny_jumprelu):
    """A finished store, its configuration and what the naive way finds."""
    made = {"topk": tiny, "jumprelu": tiny_jumprelu}[request.param]
    return made.config, made.store, naive(made.config)


def test_values_and_peaks_are_those_of_a_full_forward(case):
    _, path, expected = case
    found = {(s, g, f): (v, p) for s, g, f, v, p in rows(path, "FROM activations")}
    wanted, dense_of = {}, []
    for s, (item, content, dense, _) in enumerate(expected):
        dense_of.append(dense)
        for g in range(3):
            tokens = np.flatnonzero(content & (item.segment == g))
            if len(tokens):
                best = dense[tokens].max(0)
                wanted |= {(s, g, int(f)): best[f] for f in np.flatnonzero(best > 0)}
    borderline = {
        key for key in found.keys() ^ wanted.keys() if max(found.get(key, (0,))[0], wanted.get(key, 0)) > 1e-4
    }
    assert len(wanted) > 1000 and not borderline
    both = found.keys() & wanted.keys()
    assert max(abs(found[key][0] - wanted[key]) for key in both) < 1e-4
    for s, g, f in both:
        item, peak = expected[s][0], found[s, g, f][1]
        assert item.segment[peak] == g and abs(dense_of[s][peak, f] - wanted[s, g, f]) < 1e-4
    assert list(found) == sorted(found)  # stored in order


def test_sample_rows(case):
    config, path, expected = case
    store = open_store(path)
    columns, vectors = store.sample_columns(), {scope: store.embeddings(scope) for scope in SCOPES}
    for s, (item, content, _, hidden) in enumerate(expected):
        assert store.pieces(s)[0] == item.pieces and store.pieces(s)[1].tolist() == item.segment.tolist()
        assert [columns[f"n_read_{name}"][s] for name in SEGMENTS] == [item.count(name) for name in SEGMENTS]
        assert columns["n_read"][s] == len(item.ids) and columns["n_truncated"][s] == item.n_dropped
        np.testing.assert_allclose(vectors["all"][s], hidden[content].mean(0), atol=0.01)
        for segment, scope in ((0, "prompt"), (1, "response")):  # the whole is their token-weighted mean
            of = content & (item.segment == segment)
            wanted = hidden[of].mean(0) if of.any() else np.zeros(hidden.shape[1])
            np.testing.assert_allclose(vectors[scope][s], wanted, atol=0.01)
    assert columns["n_truncated"].max() > 0 and columns["n_later_tokens"].max() > 0
    assert [s.raw for s in store.samples()] == [s.raw for s in read_samples(config.data)]
    assert store.meta["n_features"] == store.n_features and store.meta["config"]["hook_point"]


def test_the_default_theta_is_kept(case):
    session = open_session(case[1])
    found = session.default_theta()
    assert ("raw matrix", "tokens", "all") not in session.memory
    table = theta_table(session.raw_matrix("all"))
    assert found == (chosen_theta(table), table)


def chosen_places(best):
    """Of a feature's entries {sample: value}: the samples of each bin's contexts, in order."""
    ranked = sorted(best, key=lambda s: (-best[s], s))
    lot = dict(zip(best, lots(np.array(list(best)), np.full(len(best), best.feature)).tolist(), strict=True))
    drawn = sorted(best, key=lambda s: (-lot[s], s))[:DRAWN]
    below = [s for s in ranked[STRONGEST:] if s in drawn]
    sizes = [len(below) // BINS + (b < len(below) % BINS) for b in range(BINS)]
    bins = [below[sum(sizes[:b]) : sum(sizes[: b + 1])] for b in range(BINS)]
    kept = [sorted(b, key=lambda s: (-lot[s], s))[:SPREAD] for b in bins]
    return [ranked[:STRONGEST], *(sorted(b, key=lambda s: (-best[s], s)) for b in kept)]


class Entries(dict):
    feature = 0


def test_contexts_are_the_strongest_and_a_draw_from_three_bins(case):
    check_contexts(case[1])


def check_contexts(path):
    """The contexts are those that a look at all the entries at once would choose."""
    found = rows(path, "SELECT feature_id, bin, sample_id FROM contexts ORDER BY feature_id, rank")
    best = {}
    for feature, sample, value in rows(path, "SELECT feature_id, sample_id, max(value) FROM activations GROUP BY ALL"):
        best.setdefault(feature, Entries())[sample] = value
    for feature, entries in best.items():
        entries.feature = feature
        wanted = [(b, s) for b, samples in enumerate(chosen_places(entries)) for s in samples]
        assert [(b, s) for f, b, s in found if f == feature] == wanted


def test_contexts_hold_the_values_of_a_full_forward(case):
    _, path, expected = case
    store, checked = open_store(path), 0
    for feature in store.features()["feature_id"].tolist():
        for context in store.contexts(feature):
            item, content, dense, _ = expected[context["sample_id"]]
            best = np.nanmax(np.append(dense[:, feature], 0))
            assert abs(context["values"][context["peak"]] - best) < 1e-4
            starts = [
                i for i in range(len(item.ids)) if item.pieces[i : i + len(context["pieces"])] == context["pieces"]
            ]
            last = int(np.flatnonzero(content)[-1])
            windows = [np.nan_to_num(dense[i : i + len(context["values"]), feature]) for i in starts]
            assert any(np.allclose(w, context["values"], atol=1e-4) for w in windows)
            assert min(starts) + len(context["values"]) - 1 <= last
            checked += 1
    assert checked > 100
    assert all(isinstance(face, str) for face in store.faces().values())


def test_features_table(case):
    _, path, _ = case
    store = open_store(path)
    matrix, features = store.matrix(), store.features()
    n_samples = np.bincount(matrix.feature, minlength=store.n_features)
    assert features["feature_id"].tolist() == np.flatnonzero(n_samples).tolist()
    assert features["n_samples"].tolist() == n_samples[n_samples > 0].tolist()
    assert features["max_value"].max() == matrix.value.max()


def test_the_map_is_seeded(tiny):
    store = open_store(tiny.store)
    found = store.projection()
    assert len(found["x"]) == store.n_samples and np.isfinite(found["x"]).all() and np.ptp(found["x"]) > 0
    again = projection.sample_map(store.matrix())
    np.testing.assert_array_equal(again, np.stack([found["x"], found["y"]], axis=1))


@pytest.mark.parametrize("sets", [[set()], [{0}], [set()] * 6, [{1}] * 7, [{0, 1}, {1, 2}, {3}]])
def test_maps_of_next_to_nothing(sets):
    drawn = projection.sample_map(FeatureMatrix.from_sets(sets, 9))
    assert drawn.shape == (len(sets), 2) and drawn.dtype == np.float32 and np.isfinite(drawn).all()


def test_batches_change_no_active_set(tiny, tmp_path, quick_map):
    config = replace(tiny.config, batch_tokens=64)
    path = extract(config, tmp_path)
    assert path.name == tiny.store.name
    assert active_sets(path) == active_sets(tiny.store)


def test_the_key_names_what_changes_the_result():
    config = ExtractConfig("d", "m", "s")
    assert len(config.key("1")) == 16
    for same in ({"device": "cuda"}, {"batch_tokens": 9999}, {"data": "x"}, {"model": "x"}, {"sae": "x"}):
        assert replace(config, **same).key("1") == config.key("1")
    for other in (
        {"max_tokens": 9},
        {"floor": 1.0},
        {"hook_point": "x"},
        {"limit": 3},
        {"columns": {"prompt": "q"}},
        {"long": "windows"},
    ):
        assert replace(config, **other).key("1") != config.key("1")
    assert config.key("2") != config.key("1") != config.key("1", "2")
    for wrong in ({"max_tokens": 3}, {"long": "short"}, {"floor": -1.0}, {"floor": float("nan")}):
        with pytest.raises(SelectionError, match="must be"):
            replace(config, **wrong)


def test_a_finished_store_is_returned_at_once(tiny, monkeypatch):
    monkeypatch.setattr(run, "run_chunks", lambda *a: pytest.fail("extracted again"))
    copy = shutil.copy(tiny.data, tiny.data.with_name("other name.jsonl"))
    assert extract(replace(tiny.config, data=str(copy), batch_tokens=99), tiny.store.parent) == tiny.store


def test_a_limit(tiny, tmp_path, quick_map):
    path = extract(replace(tiny.config, limit=5), tmp_path)
    assert path.name != tiny.store.name and open_store(path).n_samples == 5
    assert active_sets(path) == active_sets(tiny.store)[:5]


def test_a_floor(tiny, tmp_path, quick_map):
    store, whole = open_store(extract(replace(tiny.config, floor=1.5), tmp_path)), open_store(tiny.store)
    assert store.matrix().feature.tolist() == whole.matrix(theta=1.5).feature.tolist()


KILLS = """
import os, random, signal, sys, time
from pathlib import Path
import numpy as np, torch, transformers, sae_lens, pyarrow, duckdb  # once: the runs below are forks
torch.set_num_threads(1)
from core.extract import projection, run
from core.schema import ExtractConfig

data, model, sae, folder = sys.argv[1:]
run.CHUNK = 8
projection.umap_2d = lambda x, seed: x[:, :2]

def start(where):
    child = os.fork()
    if child:
        return child
    run.extract(ExtractConfig(data, model, sae, max_tokens=48, batch_tokens=512, dtype="float32"), where)
    os._exit(0)

begin = time.time()
reference = Path(folder, "reference")
reference.mkdir()
os.waitpid(start(reference), 0)
whole, rng, kills, number = time.time() - begin, random.Random(), 0, 0
while True:
    where = Path(folder, f"killed-{number}")
    where.mkdir(exist_ok=True)
    child = start(where)
    if kills < 10:
        time.sleep(rng.uniform(0, whole))
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    kills += os.WIFSIGNALED(status)
    if not os.WIFSIGNALED(status) or list(where.glob("????????????????.duckdb")):
        number += 1
        if kills >= 10:
            break
print(kills, number)
"""


@pytest.mark.slow
def test_ten_kills_change_nothing(tiny, tmp_path):
    data = write_data(tmp_path / "data.jsonl", 120)
    command = [sys.executable, "-c", KILLS, str(data), tiny.config.model, tiny.config.sae, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    kills, finished = map(int, done.stdout.split())
    assert kills == 10 and finished >= 1
    expected = next((tmp_path / "reference").glob("*.duckdb"))
    check_contexts(expected)
    for number in range(finished):
        (path,) = (tmp_path / f"killed-{number}").glob("*.duckdb")
        assert path.name == expected.name
        found = content_of(path)
        for name, table in content_of(expected).items():
            assert found[name] == table, name


def test_a_request_carried_out_before_loads_no_model(tiny, tmp_path, monkeypatch, quick_map):
    from core.extract.finished import find_finished

    data = tmp_path / "data.jsonl"
    data.write_bytes(tiny.data.read_bytes())
    config = replace(tiny.config, data=str(data))
    assert find_finished(config, tmp_path) is None
    path = run.extract(config, tmp_path)
    monkeypatch.setattr(run, "load", None)
    assert run.extract(config, tmp_path) == path
    assert find_finished(replace(config, max_tokens=32), tmp_path) is None
    data.write_bytes(data.read_bytes())  # touched, if with the same bytes: looked at again
    assert find_finished(config, tmp_path) is None
    (tmp_path / "finished.json").write_text("{")
    assert find_finished(config, tmp_path) is None
