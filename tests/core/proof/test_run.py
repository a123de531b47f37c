"""The proof: real fine-tuning of two methods, resumed, grown, and shared between processes."""

import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from core.errors import SelectionError
from core.lm.chat import tokenize
from core.lm.fine_tuning import TrainConfig, load_trainable
from core.proof import run as proving
from core.proof.config import ProofConfig
from core.proof.grid import Cell, cells, held_out_rows
from core.proof.results import results
from core.proof.run import answer_losses, begun, picked, prove, refinement, sources, task
from core.proof.store import Run

PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
QUICK = TrainConfig(rank=2, batch=4, max_tokens=64, learning_rate=1e-2)


@pytest.fixture(scope="module")
def place(workplace, tiny):
    """A session on the tiny store, and the configuration of a proof."""
    key = workplace.store.key
    return workplace, ProofConfig(key, tiny.config.model, 2, full=12, refined=2, new_tokens=2, train=QUICK)


@pytest.fixture(scope="module")
def proof(place):
    """Two methods and the marks around them, with real trl and peft."""
    session, config = place
    return prove(config, session, cells(["random", "sae-greedy", "full"], [6], range(1)))


def test_a_proof(proof, place):
    session, config = place
    found = {run.method: run for run in proof.runs()}
    assert set(found) == {"base", "random", "sae-greedy", "full"}
    assert [len(found[m].rows) for m in ("base", "random", "sae-greedy", "full")] == [0, 6, 6, 12]
    held_out = held_out_rows(sources(session), 2, 0)
    lm = load_trainable(config.model, QUICK)
    items = tokenize(session.store.samples(found["random"].rows), lm.tokenizer, 64)
    assert found["random"].tokens == sum(len(i.ids) for i in items)
    for run in found.values():
        assert not set(run.rows.tolist()) & set(held_out.tolist()) and np.isfinite(run.losses).all()
    base = answer_losses(lm, session.store.samples(held_out), 64, lambda *_: None)
    assert np.array_equal(found["base"].losses, base)
    by_method = {r.method: r for r in results(proof)}
    assert by_method["full"].loss < by_method["base"].loss
    assert set(by_method["full"].by_source) == {"part0", "part1", "part2"}


def test_a_grid_grows(proof, place, monkeypatch):
    session, config = place
    done = []
    monkeypatch.setattr(proving, "one_run", lambda c, s, cell, *_: done.append(cell) or stand_in(cell))
    prove(config, session, cells(["random", "sae-greedy"], [6], range(2)))
    assert done == [Cell("random", 6, 1), Cell("sae-greedy", 6, 1)]


def test_a_kill_in_measuring_costs_no_training(proof, place, monkeypatch, tmp_path):
    session, config = place
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    grid = cells(["random"], [6], range(1))[1:]
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(proving, "answer_losses", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        prove(config, session, grid)
    monkeypatch.setattr(proving, "fine_tune", None)
    again, once = (next(r for r in p.runs() if r.method == "random") for p in (prove(config, session, grid), proof))
    assert (again.tokens, again.training_loss) == (once.tokens, once.training_loss)
    assert np.array_equal(again.losses, once.losses) and not folders(config)


@pytest.mark.parametrize("held", ["cell", "refinement"])
def test_a_cell_that_another_process_is_at_comes_last(held, place, monkeypatch, tmp_path):
    session, config = place
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    first, bans = Cell("hybrid", 4, 0), tuple(held_out_rows(sources(session), 2, 0).tolist())
    folder = config.path.with_suffix("") / "hybrid-4-0"
    folder = folder if held == "cell" else refinement(config, task(config, first, bans)).folder
    hold = (
        f"from core.system.files import claimed; from pathlib import Path\nwith claimed(Path({str(folder)!r}), False): "
    )
    told, done = [], []

    def one_run(config, session, cell, held_out, folder, on_stage, wait):
        picked(config, session, cell, held_out, on_stage, wait)
        done.append(cell.method)
        return stand_in(cell)

    def on_stage(stage, *_):
        if "process" in stage:
            told.append(stage)
        if "waiting" in stage:
            other.stdin.close()

    monkeypatch.setattr(proving, "one_run", one_run)
    with subprocess.Popen([sys.executable, "-c", f"{hold}print(1, flush=True); input()"], **PIPES) as other:
        other.stdout.readline()
        prove(config, session, cells(["hybrid", "random"], [4], range(1)), on_stage)
    name = "2/3 hybrid 4 seed 0: "
    assert done == ["base", "random", "hybrid"]
    assert told == [f"{name}another process is at it", f"{name}waiting for another process"]


def test_a_cell_that_another_one_finishes_meanwhile(place, monkeypatch, tmp_path):
    session, config = place
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    started, waited, done = threading.Event(), threading.Event(), []

    def one_run(config, session, cell, *_):
        done.append(cell.method)
        started.set()
        assert waited.wait(60)
        time.sleep(0.1)  # until the other one polls the lock
        return stand_in(cell)

    def on_stage(stage, *_):
        if "waiting" in stage:
            waited.set()

    monkeypatch.setattr(proving, "one_run", one_run)
    grid = cells(["random"], [6], range(1))[1:]
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(prove, config, session, grid)
        assert started.wait(60)
        prove(config, session, grid, on_stage)
        other.result()
    assert done == ["random"] and waited.is_set()
    assert not folders(config)


def test_variants_and_samples_that_the_data_say_are_for_the_test(place, monkeypatch, tmp_path):
    session, config = place
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    label = np.array(["test" if row % 5 == 0 else "train" for row in range(session.store.n_samples)])
    session.remember(("labels", "part"), lambda: label)
    told = replace(config, split="part", bans=(5,))
    assert config.path == replace(config, split="").path != told.path
    assert begun(told, session)[1].tolist() == [0, 10, 15, 20, 25]
    with pytest.raises(SelectionError, match="Of the samples 0 say 'test' in 'source'"):
        begun(replace(config, split="source"), session)
    quota = "sae-greedy:quota=source=equal+scope=response"
    found = {run.method: run for run in prove(told, session, cells(["sae-greedy", quota], [6], [0])).runs()}
    assert set(found) == {"base", "sae-greedy", quota} and not folders(told)
    rows = found[quota].rows
    assert sorted(sources(session)[rows].tolist()) == ["part0"] * 2 + ["part1"] * 2 + ["part2"] * 2
    assert not set(rows.tolist()) & {0, 5, 10, 15, 20, 25}


def folders(config):
    return [path for path in config.path.with_suffix("").iterdir() if path.is_dir()]


def stand_in(cell):
    return Run(cell.method, cell.budget, cell.seed, np.arange(6), 1, 1, 1.0, 1.0, np.ones(6))


def test_refined_methods_draw_from_what_is_not_held_out(place):
    session, config = place
    held_out = held_out_rows(sources(session), 2, 0)
    for method in ("kmq-iterative", "hybrid"):
        rows, run = picked(config, session, Cell(method, 4, 0), held_out, lambda *_: None)
        assert len(run) == 12 and len(set(rows.tolist())) == 4 and not set(rows.tolist()) & set(held_out.tolist())
    with pytest.raises(SelectionError, match="proved with budgets in samples"):
        picked(replace(config, unit="tokens"), session, Cell("hybrid", 4, 0), held_out, lambda *_: None)


@pytest.mark.slow
def test_tasks_of_lm_eval(tiny_lm, tmp_path):
    pytest.importorskip("lm_eval")
    from core.proof.run import task_scores

    lm = load_trainable(str(tiny_lm), QUICK)
    choices = ["blue", "rice", "the sea"]
    likely = max(choices, key=lambda choice: log_likelihood(lm, "the sky is", f" {choice}"))
    answers = [choices.index(likely), *(i for i in range(3) if choices[i] != likely)]  # one right, two wrong
    lines = [{"question": "the sky is", "answer": answer, "choices": choices} for answer in answers]
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "sky.yaml").write_text(
        f"task: sky\ndataset_path: json\ndataset_kwargs:\n  data_files:\n    test: {tmp_path}/test.jsonl\n"
        "test_split: test\noutput_type: multiple_choice\ndoc_to_text: question\ndoc_to_choice: choices\n"
        "doc_to_target: answer\nmetric_list:\n  - metric: acc\n"
    )
    found = task_scores(lm, [str(tmp_path / "sky.yaml")])
    assert found == {"sky/acc": pytest.approx(1 / 3)}


def log_likelihood(lm, context, continuation):
    """Of the continuation's tokens after the context's, as Transformers' own loss says."""
    import torch

    ids, n = lm.tokenizer(context + continuation)["input_ids"], len(lm.tokenizer(context)["input_ids"])
    labels = torch.tensor([[-100] * n + ids[n:]])
    with torch.inference_mode():
        return -float(lm.model(input_ids=torch.tensor([ids]), labels=labels).loss) * (len(ids) - n)


def test_the_command(place, capsys, tmp_path, monkeypatch):
    from core.cli.app import main

    session, _ = place
    task = ["prove", "--store", str(session.store.path), "--methods", "random", "--budgets", "4", "--seeds", "1"]
    more = ["--held-out", "2", "--rank", "2", "--max-tokens", "64", "--out", str(tmp_path / "r.json"), "--json"]
    assert main([*task, *more]) == 0
    assert [r["method"] for r in json.loads(capsys.readouterr().out)] == ["base", "random"]
    written = json.loads((tmp_path / "r.json").read_text())
    assert len(written["runs"]) == 2 and sum(written["picks"][0]["source"].values()) == pytest.approx(1)
    assert main([*task, *more, "--measured", "part1"]) == 0
    assert set(json.loads(capsys.readouterr().out)[0]["by_source"]) == {"part1"}
    assert main([*task, *more, "--measured", "elsewhere"]) == 2
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / "elsewhere"))
    monkeypatch.setattr(proving, "one_run", None)  # all runs are in the file
    assert main([*task, *more]) == 0
    assert main([*task, *more, "--held-out", "3"]) == 2
    assert "holds a proof with another held_out" in capsys.readouterr().err
    assert len(json.loads((tmp_path / "r.json").read_text())["runs"]) == 2
    assert main([*task[:-3], "many", "--seeds", "1"]) == 2
