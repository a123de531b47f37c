"""What a selection would teach, and what it taught: its answers beside the model's own, feature by feature, before and
after training."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import ModelError, SelectionError
from core.extract.token_values import pipeline_of
from core.lm.fine_tuning import TrainConfig, fine_tune, load_trainable, load_tuned
from core.lm.language_model import LanguageModel
from core.proof.answers import Read, model_digest, own_answers, read_answers, shortened
from core.proof.prediction import Shift, agreements, by_length, predicts, shift
from core.sae.loading import at_hand
from core.schema import Sample, Selection
from core.session.session import Session
from core.system.files import cache_dir, cache_path, claimed
from core.system.kept import plain, write_json

LEAST = 5  # answers that a feature is active in, for its shift to be told
OnStage = Callable[[str, float, float], None]


@dataclass(frozen=True)
class Asked:
    """What a prediction is made from: the selection, how many of its prompts and of fresh ones are asked, the longest
    answer in tokens; adapter: what the model was fine-tuned to, None to train here if `tune`, else only to predict."""

    prompts: int = 100
    fresh: int = 100
    new_tokens: int = 96
    seed: int = 0
    adapter: Path | None = None
    tune: bool = False
    train: TrainConfig = field(default_factory=TrainConfig)


@dataclass(frozen=True)
class Prompts:
    """The rows whose prompts are asked, int64: of the selection; random ones that it leaves out; fresh ones."""

    kept: np.ndarray
    random: np.ndarray
    fresh: np.ndarray


def fresh_rows(n_samples: int, asked: Asked, taken: Sequence[int]) -> np.ndarray:
    """Rows held out of training at random, none of those `taken`: int64, ascending. Raises SelectionError."""
    free = np.setdiff1d(np.arange(n_samples), np.asarray(taken, np.int64))
    if 2 * asked.fresh > len(free):
        raise SelectionError(
            f"{asked.fresh} fresh prompts are more than half of the {len(free)} samples left for them."
        )
    return np.sort(np.random.default_rng([asked.seed, 11]).choice(free, asked.fresh, replace=False))


def prompts_of(n_samples: int, asked: Asked, rows: np.ndarray, fresh: np.ndarray) -> Prompts:
    """Which prompts are asked of a selection of `rows`, int64: the first ones of each kind in one random order, so that
    selections of one store have as many as possible in common. Raises SelectionError for fewer than two of a kind."""
    order = np.random.default_rng([asked.seed, 12]).permutation(n_samples)
    order = order[~np.isin(order, fresh)]
    within = np.isin(order, rows)
    kept, random = order[within][: asked.prompts], order[~within][: asked.prompts]
    if min(len(kept), len(random)) < 2:
        raise SelectionError(
            f"A prediction needs 2 samples in the selection and 2 others: there are {len(kept)} and {len(random)}."
        )
    return Prompts(np.sort(kept), np.sort(random), fresh)


# --- the run


def teach_of(
    session: Session, chosen: Selection, fresh: np.ndarray, asked: Asked,
    on_stage: OnStage = lambda stage, done, total: None,
) -> dict[str, Any]:  # fmt: skip
    """Predict what training on a selection shifts, and with a fine-tuned model measure it on `fresh` rows, int64: what
    `lens_result` tells of each lens, and what it was made from. It is kept in the cache beside others of the store.

    Raises SelectionError if the selection holds fresh rows, ModelError if a model or an SAE is not at hand.
    """
    if np.intersect1d(chosen.rows, fresh).size:
        raise SelectionError("The selection holds prompts that are to be fresh.")
    store, asked_of = session.store, prompts_of(session.store.n_samples, asked, chosen.rows, fresh)
    source = at_hand(store.meta["config"]["model"])
    adapter = asked.adapter
    if asked.tune and not adapter:
        folder = cache_path("prediction", store.key, named(chosen, asked.train, asked.seed))
        adapter = trained(source, store.samples(np.sort(chosen.rows)), asked, folder, on_stage)
    pipeline = pipeline_of(store)
    groups = {name: store.samples(getattr(asked_of, name)) for name in ("kept", "random", "fresh")}
    answers = asked_models(pipeline.lm, source, groups, adapter, asked, on_stage)
    read = {}
    for i, (name, (samples, texts)) in enumerate(answers.items()):
        told = partial(on_stage, f"reading answers {i + 1}/{len(answers)}")
        read[name] = read_answers(pipeline, session.topics(), samples, texts, told)
    lenses = {lens: lens_result(read, lens, asked.seed) for lens in read["kept"].features}
    made = {"method": chosen.spec.method, "lens": chosen.spec.lens, "samples": len(chosen.rows), "store": store.key}
    counts = {"prompts": len(asked_of.kept), "fresh": len(fresh), "new_tokens": asked.new_tokens, "seed": asked.seed}
    lengths = {name: float(one.tokens.mean()) for name, one in read.items()}
    result = plain({**made, **counts, "tokens": lengths, "lenses": lenses})
    write_json(cache_dir("prediction", store.key) / f"{named(chosen, asked)}.json", result)
    return result


def named(chosen: Selection, *asked: Any) -> str:
    """What is kept under: 12 hex digits of the selected rows and of what was asked."""
    return hashlib.sha256(f"{sorted(chosen.rows.tolist())}{asked}".encode()).hexdigest()[:12]


def trained(source: str, samples: Sequence[Sample], asked: Asked, folder: Path, on_stage: OnStage) -> Path:
    """The folder of the model fine-tuned on `samples`, as `prove` does it; one that is there is not trained again."""
    with claimed(folder, wait=True):
        model, config = folder / "model", replace(asked.train, seed=asked.seed)
        if not model.exists():
            lm = load_trainable(source, config)
            fine_tune(lm, samples, config, model, on_step=partial(on_stage, "fine-tuning"))
        return model


def asked_models(
    lm: LanguageModel, source: str, groups: dict[str, list[Sample]], adapter: Path | None, asked: Asked,
    on_stage: OnStage,
) -> dict[str, tuple[list[Sample], list[str]]]:  # fmt: skip
    """Samples and answers by what they are: kept and random as the data have them, as long as a model's; with `own `
    before the name the untouched model's; fresh: those of the tuned model, if there is one."""
    most, wanted = asked.new_tokens, {name: groups[name] for name in groups if name != "fresh" or adapter}
    told = partial(on_stage, "the model's own answers")
    load, whole = partial(load_trainable, source, asked.train), [*chain(*wanted.values())]
    own = iter(own_answers(load, model_digest(lm.digest, None), whole, lm, most, told))
    gc.collect()
    found = dict[str, tuple[list[Sample], list[str]]]()
    for name, samples in wanted.items():
        found[f"own {name}"] = samples, [*islice(own, len(samples))]
        if name != "fresh":
            found[name] = samples, [shortened(sample.response, lm, most) for sample in samples]
    if adapter:
        tuned, told = tuned_config(adapter, asked.train), partial(on_stage, "the tuned model's answers")
        load = partial(load_tuned, source, adapter, tuned)
        answers = own_answers(load, model_digest(lm.digest, adapter), groups["fresh"], lm, most, told)
        found["fresh"] = groups["fresh"], answers
    return found


def tuned_config(adapter: Path, train: TrainConfig) -> TrainConfig:
    """How a folder is to be loaded: as an adapter, or as all weights. Raises ModelError if it is neither."""
    if not list(adapter.glob("*.safetensors")):
        raise ModelError(f"{adapter} holds no fine-tuned model: it must have an adapter or weights as .safetensors.")
    return replace(train, rank=max(train.rank, 1) if (adapter / "adapter_config.json").is_file() else 0)


# --- what it amounts to


def lens_result(read: dict[str, Read], lens: str, seed: int) -> dict[str, Any]:
    """What is predicted of each feature of a lens, int64 (F,) those in LEAST answers or more, and with a tuned model
    what came of it: shifts as of `Shift`, and how well the prediction fits beside its rivals."""
    active = sum((one.features[lens] != 0).sum(0) for one in read.values())
    feature = np.flatnonzero(np.asarray(active).ravel() >= LEAST)
    pairs = {name: paired(read, name, lens, feature) for name in ("kept", "random", "fresh") if name in read}
    own = read["own kept"]
    some = np.flatnonzero(own.tokens)
    change = mean_log(read["kept"].tokens) - mean_log(own.tokens)
    length = by_length(dense(own, lens, some, feature), own.tokens[some], change)
    result: dict[str, Any] = {"feature": feature, "before": told(shift(*pairs["kept"])), "length": length}
    if "fresh" in pairs and len(feature) > 2:
        differences = {name: one - other for name, (one, other) in pairs.items()}
        rivals = {"random": differences["random"], "length": length}
        best, found = agreements(differences["kept"], rivals, differences["fresh"], seed)
        result["after"] = told(shift(*pairs["fresh"]))
        result["fit"] = {"own": asdict(best), **{name: asdict(one) for name, one in found.items()}}
        result["predicts"] = predicts(found)
    return result


def paired(read: dict[str, Read], name: str, lens: str, feature: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The activations float64 (n, F) of two answers to each prompt, those that have tokens in both."""
    one, other = read[name], read[f"own {name}"]
    both = np.flatnonzero((one.tokens > 0) & (other.tokens > 0))
    if len(both) < 2:
        raise SelectionError(f"Fewer than 2 of {len(one.tokens)} prompts have two answers to compare.")
    return dense(one, lens, both, feature), dense(other, lens, both, feature)


def dense(read: Read, lens: str, rows: np.ndarray, feature: np.ndarray) -> np.ndarray:
    """The activations of some features in some answers, float64 (n, F)."""
    return read.features[lens][rows][:, feature].toarray().astype(np.float64)


def mean_log(tokens: np.ndarray) -> float:
    """The mean logarithm of the lengths, int64 (n,), of the answers that have any."""
    return float(np.log(tokens[tokens > 0]).mean())


def told(one: Shift) -> dict[str, list]:
    """A shift with as many digits as it is worth."""
    found = {name: np.round(getattr(one, name), 6).tolist() for name in ("delta", "d", "z")}
    return {**found, "steady": one.steady.tolist()}
