"""The forms that start what fine-tunes a model: a run of refinement, a proof."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.errors import SelectionError
from core.lm.endpoint import Endpoint
from core.lm.fine_tuning import TrainConfig, require_training
from core.lm.sources import require_path
from core.proof import cost as proof_cost
from core.proof import view as proof_view
from core.proof.config import FULL, ProofConfig
from core.proof.grid import cells, n_trainable
from core.proof.run import held_out_of, sources
from core.refine import cost as refine_cost
from core.refine import view as refine_view
from core.refine.config import RefineConfig
from core.sae.loading import at_hand
from core.selection.inputs import TOKEN_COUNTS
from core.selection.registry import METHODS
from core.settings import typed, whole_number, words
from core.store.meta import data_named, speed_of
from core.system.shown import many
from pages.parts.settings_form import ask, more
from pages.parts.start import KEYS, Asked, start_form
from pages.parts.view import View

TRAINING = ("rank", "learning_rate", "epochs", "batch")
PROVING = ("unit", "score", "full", "refined", "new_tokens", "held_out_seed", "tasks", "exact", "instructed", "model")
PROVED = ("random", "longest-response", "sae-greedy")
MOST_SEEDS = 20


def seen(now: View) -> dict[str, Any]:
    """What of the view's request decides a run: θ, scope and lens."""
    return {"theta": now.spec.theta, "scope": now.spec.scope, "lens": now.spec.lens}


def typed_view(now: View) -> list[str]:
    """The same as the command takes it: where nothing is said of θ and lens, it chooses them itself."""
    return ["--theta", repr(now.spec.theta), "--lens", now.spec.lens, *typed(RefineConfig, {"scope": now.spec.scope})]


def decided(now: View) -> dict[str, Any]:
    """The decisions under which a run is."""
    return {"vetoes": now.decided.vetoes, "pins": now.state.pins, "bans": now.state.bans}


def require_model(now: View, named: str) -> None:
    """Raise ModelError if the model that is named, else the store's, is at a path that is gone."""
    require_path(named or at_hand(str(now.session.store.meta["config"]["model"])))


# --- refinement


def refine_form(now: View, expanded: bool) -> None:
    """Start a run of refinement on the store."""
    start_form("refine", [now.session.store.key], lambda: asked_of_refine(now), "Start a run of refinement", expanded)


def asked_of_refine(now: View) -> Asked:
    """The widgets of a run; raises SaelectError for one that cannot be begun."""
    store, n = now.session.store, now.session.store.n_samples
    starts = {"budget": min(300, max(3, n // 10)), "quality": ("", *now.session.info.scores)}
    given = ask(RefineConfig, ("rounds", "budget", "scorer"), "refine", starts)
    if given["scorer"] != "perplexity":
        also = ("scorer_model", "base_url") if given["scorer"] == "judge" else ("scorer_model",)
        given |= ask(RefineConfig, also, "refine")
    with more("refine-more") as fold:
        rest = ("k", "quality", "start", "new_tokens", "seed", "model")
        given |= ask(RefineConfig, rest, "refine", starts, drawn=fold.open)
        train = ask(TrainConfig, TRAINING, "refine", drawn=fold.open)
    require_training()
    require_model(now, given["model"])
    tuning = TrainConfig(**train, max_tokens=store.meta["config"]["max_tokens"], seed=given["seed"])
    config = RefineConfig(store.key, train=tuning, **given, **seen(now), **decided(now))
    if config.budget > n - len(config.bans):
        raise SelectionError(f"The budget is {config.budget:,}, and there are {n - len(config.bans):,} samples.")
    arguments = ["refine", "--store", store.key, *typed(RefineConfig, given), *typed(TrainConfig, train)]
    arguments += typed_view(now)
    costs = [refine_cost.work(config, now.session.info.tokens).told(speed_of(store.meta)), *scorer_costs(config)]
    costs.append(refine_view.without_steering(now.state.quotas, now.decided.boosts))
    return Asked(arguments, f"Refinement of {data_named(store.meta)}", costs)


def scorer_costs(config: RefineConfig) -> list[str]:
    """What a scorer other than the model itself is asked; raises SaelectError without what it needs."""
    if config.scorer == "reward":
        if not config.scorer_model:
            raise SelectionError("The scorer reward needs a model: name its folder or hub id.")
        require_path(config.scorer_model)
        return ["The reward model reads each answer once."]
    if config.scorer == "judge":
        endpoint = Endpoint.given(config.scorer_model, config.base_url)
        return [f"{endpoint.model} at {endpoint.base_url} is asked {2 * config.budget:,} times. {KEYS}"]
    return []


# --- proof


def prove_form(now: View, expanded: bool) -> None:
    """Start a proof on the store."""
    start_form("prove", [now.session.store.key], lambda: asked_of_prove(now), "Start a proof", expanded)


def asked_of_prove(now: View) -> Asked:
    """The widgets of a proof; raises SaelectError for one that cannot be begun."""
    store, source = now.session.store, sources(now.session)
    held_out, budget = now.session.remember("proof sizes", lambda: proof_view.sizes(source))
    starts = {"held_out": held_out, "score": ("", *now.session.info.scores)}
    known = [name for name, method in METHODS.items() if "reference" not in method.needs]
    methods = st.multiselect("Methods", [*known, FULL], PROVED, key="prove-methods",
                             help="full: all samples. The model as it came is always measured.")  # fmt: skip
    first, second, third = st.columns(3, vertical_alignment="bottom")
    budgets = first.text_input("Budgets", str(budget), key="prove-budgets", help="Numbers, separated by commas.")
    seeds = second.number_input("Seeds", 1, MOST_SEEDS, 3, key="prove-seeds", help="Runs of each method and budget.")
    with third:
        given = ask(ProofConfig, ("held_out",), "prove", starts, beside=1)
    with more("prove-more") as fold:
        given |= ask(ProofConfig, PROVING, "prove", starts, drawn=fold.open)
        train = ask(TrainConfig, (*TRAINING, "max_tokens"), "prove", drawn=fold.open)
    require_training()
    require_model(now, given["model"])
    config = ProofConfig(store.key, train=TrainConfig(**train), **given, **seen(now), **decided(now))
    require_score(now, methods, config.score)
    grid = cells(methods, [whole_budget(part) for part in words(budgets)], range(int(seeds)))
    rows = held_out_of(config, now.session)
    most, left = max(cell.budget for cell in grid), n_trainable(store.n_samples, len(rows), config.bans)
    if config.unit == "samples" and most > left:
        raise SelectionError(f"The budget is {most:,}, and {left:,} samples remain after those held out.")
    costs = [
        f"{many(len(grid), 'model')} to measure, {len(grid) - 1:,} of them fine-tuned.",
        proof_cost.work(config, grid, now.session.info.tokens, len(rows)).told(speed_of(store.meta)),
        proof_view.without_steering(now.state.quotas, now.decided.boosts),
    ]
    arguments = ["prove", "--store", store.key, "--methods", ",".join(methods), "--budgets", budgets]
    arguments += ["--seeds", str(seeds), *typed(ProofConfig, given), *typed(TrainConfig, train), *typed_view(now)]
    return Asked(arguments, f"Proof on {data_named(store.meta)}", costs)


def require_score(now: View, methods: Sequence[str], named: str) -> None:
    """Raise SelectionError if a method wants a score column and it is not clear which."""
    wanting = [name for name in methods if name != FULL and "score" in METHODS[name].needs]
    own = [name for name in now.session.info.scores if name not in TOKEN_COUNTS]
    if wanting and not named and len(own) != 1:
        what = "choose one under More options" if own else "compute one first, on the page Budget with that method"
        raise SelectionError(f"{wanting[0]} needs a score column: {what}.")


def whole_budget(text: str) -> int:
    """A budget that was typed; raises SelectionError."""
    budget = whole_number(text)
    if not budget:
        raise SelectionError(f"A budget must be a whole number of at least 1, got {text!r}.")
    return budget
