"""What a selection would teach: answers that are kept, features read off them, a real fine-tuning, the command."""

import json

import numpy as np
import pytest
from scipy.stats import spearmanr

from benchmarks.prediction import between, crossed, fits, kept, read
from core.cli.app import main
from core.errors import ModelError, SelectionError
from core.extract.token_values import pipeline_of, token_values
from core.lm.chat import tokenize
from core.lm.fine_tuning import TrainConfig, load_trainable
from core.proof import answers, teaching
from core.proof.answers import RESPONSE, own_answers, read_answers, shortened
from core.proof.taught import extremes, predictions_of, told_of_fit, told_of_prediction
from core.proof.teaching import Asked, fresh_rows, prompts_of, teach_of, tuned_config
from core.schema import SelectionSpec
from core.system.files import PROJECT

QUICK = TrainConfig(rank=2, batch=4, max_tokens=64, learning_rate=0.05)
ASKED = Asked(6, 5, 4, tune=True, train=QUICK)


@pytest.fixture(scope="module")
def task(workplace):
    """A session on the tiny store, fresh rows, and a selection without them."""
    fresh = fresh_rows(workplace.store.n_samples, ASKED, ())
    return workplace, fresh, workplace.selection(SelectionSpec("random", 10, bans=tuple(fresh.tolist())))


@pytest.fixture(scope="module")
def found(task):
    """What came of it, with a fine-tuned model."""
    session, fresh, chosen = task
    return teach_of(session, chosen, fresh, ASKED)


def test_prompts_are_of_the_selection_of_others_and_fresh(task):
    session, fresh, chosen = task
    asked = prompts_of(session.store.n_samples, ASKED, chosen.rows, fresh)
    assert [len(rows) for rows in (asked.kept, asked.random, asked.fresh)] == [6, 6, 5]
    assert set(asked.kept) <= set(chosen.rows.tolist()) and not set(asked.random) & {*chosen.rows, *fresh}
    assert not set(fresh_rows(30, ASKED, range(10))) & set(range(10))
    with pytest.raises(SelectionError, match="5 fresh prompts are more than half of the 9 samples"):
        fresh_rows(30, ASKED, range(21))
    with pytest.raises(SelectionError, match="there are 25 and 0"):
        prompts_of(30, Asked(prompts=40), np.arange(30), fresh)


def test_features_of_answers_are_means_over_their_tokens(workplace):
    """Beside what token_values gives of the stored samples, whose answers these are."""
    store, rows = workplace.store, [0, 3, 6, 12]  # of one answer each
    pipeline, samples = pipeline_of(store), store.samples(rows)
    read = read_answers(pipeline, workplace.topics(), samples, [s.response for s in samples])
    items = tokenize(samples, pipeline.lm.tokenizer, 64)
    for i, (row, item) in enumerate(zip(rows, items, strict=True)):
        expected = np.zeros(store.n_features)
        for token, feature, value in zip(*token_values(store, row, pipeline), strict=True):
            if item.segment[token] == RESPONSE:
                expected[feature] += value / item.count("response")
        assert read.features["tokens"][[i]].toarray()[0] == pytest.approx(expected, abs=1e-5)
        assert read.tokens[i] == item.count("response")
    if "topics" in store.lenses:
        whole = store.matrix("response", 0, "topics")
        assert read.features["topics"][[1]].indices.tolist() == whole.row(3).tolist()


def test_answers_are_kept_one_by_one(workplace, monkeypatch):
    lm, samples = pipeline_of(workplace.store).lm, workplace.store.samples(range(5))
    monkeypatch.setattr(answers, "AT_ONCE", 2)
    calls = []

    def stopped(lm, some, *rest, generate=answers.generate):
        calls.append(len(some))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return generate(lm, some, *rest)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(answers, "generate", stopped)
        own_answers(lambda: lm, "model", samples, lm, 4)
    with monkeypatch.context() as patch:
        calls = [0, 0]
        patch.setattr(answers, "generate", stopped)
        once = own_answers(lambda: lm, "model", samples, lm, 4)
    assert calls == [0, 0, 2, 1], "two of five were kept"
    assert once == own_answers(lambda: pytest.fail("all are kept"), "model", samples, lm, 4)
    assert len(once) == 5 and once != own_answers(lambda: lm, "model", samples, lm, 1), "another limit, other answers"


def test_answers_of_the_data_are_cut_as_those_of_a_model(workplace):
    lm = pipeline_of(workplace.store).lm
    text = "sort the list of numbers"
    assert shortened(f" {text} ", lm, 99) == text
    cut = shortened(text, lm, 2)
    assert cut and text.startswith(cut) and len(lm.tokenizer(cut)["input_ids"]) <= 2


def test_before_and_after(found, task, monkeypatch):
    session, fresh, chosen = task
    assert (found["samples"], found["prompts"], found["fresh"], found["method"]) == (10, 6, 5, "random")
    for result in found["lenses"].values():
        n = len(result["feature"])
        assert n and set(result["fit"]) == {"own", "random", "length"} and isinstance(result["predicts"], bool)
        assert [len(result[side]["delta"]) for side in ("before", "after")] == [n, n] == [len(result["length"])] * 2
        assert any(result["after"]["delta"]), "training moved nothing"
    assert predictions_of(session.store.key)[0] == json.loads(json.dumps(found))
    for name in ("generate", "fine_tune"):
        monkeypatch.setattr(answers if name == "generate" else teaching, name, None)
    assert teach_of(session, chosen, fresh, ASKED) == found, "nothing is asked or trained twice"


def test_without_a_tuned_model_there_is_only_a_prediction(task, found):
    session, fresh, chosen = task
    result = teach_of(session, chosen, fresh, Asked(6, 5, 4, train=QUICK))["lenses"]["tokens"]
    assert "fit" not in result and result["before"]["delta"]
    with pytest.raises(SelectionError, match="are to be fresh"):
        teach_of(session, chosen, chosen.rows[:2], ASKED)


def test_the_features_shown_are_steady_and_in_order():
    before = {"z": [1.0, -2.0, 3.0, 0.0, 9.0, -4.0], "steady": [True, True, True, False, False, True]}
    assert extremes({"before": before}, 9) == [2, 0, 5, 1]
    assert extremes({"before": before}, 1) == [2, 5]


def test_what_is_said_of_it(found):
    assert told_of_prediction(found).startswith("10 samples by random (lens: tokens): their answers to 6 prompts")
    assert "5 prompts that are not in the selection" in told_of_prediction(found)
    fits = [(0.5, 0.1, True), (0.5, 0.5, False)]
    for own, other, better in fits:
        fit = {name: {"spearman": rho} for name, rho in (("own", own), ("random", other), ("length", None))}
        said = told_of_fit({"feature": [1, 2], "fit": fit, "predicts": better}, "topics")
        assert (
            f"Over 2 topics the predicted and the measured change go together with a rank correlation of +{own}" in said
        )
        assert f"left out +{other:.2f}, from length alone unknown" in said and ("not better" in said) != better
    assert told_of_fit({}, "topics") == ""


def test_the_tables_of_the_docs(found, tmp_path):
    for name, content in (("r.json", found), ("plain.json", {**found, "method": "no", "lenses": {"tokens": {}}})):
        (tmp_path / name).write_text(json.dumps(content))
    results = {name: kept(one) for name, one in read([tmp_path / "r.json", tmp_path / "plain.json"]).items()}
    (tmp_path / "kept.json").write_text(json.dumps(results))
    again = {name: kept(one) for name, one in read([tmp_path / "kept.json"]).items()}
    assert list(results) == ["random"] and again == json.loads((tmp_path / "kept.json").read_text())
    assert len(fits(results).splitlines()) == 2 + len(found["lenses"])
    one = results["random"]["lenses"]["tokens"]
    other = {"feature": one["feature"][::2][::-1], "after": {"delta": one["after"]["delta"][::2][::-1]}}
    rho = spearmanr(one["before"]["delta"][::2], one["after"]["delta"][::2]).statistic
    assert between(one, other) == pytest.approx(rho) and crossed(results, "tokens").count("random") == 2


def test_an_adapter_is_told_from_all_weights(tmp_path, tiny_lm):
    with pytest.raises(ModelError, match="holds no fine-tuned model"):
        tuned_config(tmp_path, QUICK)
    assert tuned_config(tiny_lm, QUICK).rank == 0
    load_trainable(str(tiny_lm), QUICK).model.save_pretrained(tmp_path)
    (tmp_path / "adapter_config.json").write_text("{}")
    assert tuned_config(tmp_path, QUICK).rank == 2


def test_the_command(workplace, capsys, tmp_path):
    out = tmp_path / "r.json"
    task = ["predict", "--store", str(workplace.store.path), "--method", "random", "--budget", "6", "--prompts", "4"]
    assert main([*task, "--fresh", "3", "--new-tokens", "4", "--out", str(out)]) == 0
    assert "would teach most and least (lens: tokens)" in capsys.readouterr().out
    assert json.loads(out.read_text())["samples"] == 6
    assert main([*task, "--fresh", "99"]) == 2
    assert "more than half of the 30 samples" in capsys.readouterr().err


def test_the_published_tables_are_those_of_the_results():
    results = read([PROJECT / "docs" / "prediction.json"])
    text = (PROJECT / "docs" / "prediction.md").read_text(encoding="utf-8")
    assert len(results) == 4
    for table in (fits(results), *(crossed(results, lens) for lens in ("tokens", "topics"))):
        assert table in text
