"""The command that refines a selection by fine-tuning."""

from __future__ import annotations

from typing import Any

from core.cli.console import machine, show, stages, tell
from core.cli.options import AsJson, Asked, Options, Store, request, takes
from core.lm.endpoint import Endpoint
from core.lm.fine_tuning import TrainConfig
from core.refine.config import RefineConfig
from core.system.shown import many, shown_path


@takes(config=Options(RefineConfig), train=Options(TrainConfig, without=("max_tokens",)))
def refine(store: Store, config: Asked, train: Asked, as_json: AsJson = False) -> None:
    """k-means-quality with iterative refinement: clusters that the model does not answer well gain weight. Resumable.

    Example: python -m core refine --store cache/0123456789abcdef.duckdb --rounds 3 --budget 90
    """
    from core.refine.rounds import refine as run
    from core.refine.view import without_steering

    wanted = {name: config[name] for name in ("theta", "scope", "lens")}
    session, _, spec = request(store, method="random", budget="1", **wanted)
    own = session.store
    tuning = TrainConfig(**train, max_tokens=own.meta["config"]["max_tokens"], seed=config["seed"])
    decided = {name: getattr(spec, name) for name in ("theta", "lens", "vetoes", "pins", "bans")}
    asked = RefineConfig(own.key, train=tuning, **config | decided)
    endpoint = Endpoint.given(asked.scorer_model, asked.base_url) if asked.scorer == "judge" else None
    tell(f"The run: {shown_path(asked.folder)}")
    if missed := without_steering(spec.quotas, spec.boosts):
        tell(missed)
    with stages() as told:
        found = run(asked, own, session.info, endpoint, told)
    report_rounds(found, as_json)


def report_rounds(run: Any, as_json: bool) -> None:
    """What each round took, and which clusters gained and lost most."""
    from core.refine.runs import round_table

    rows = round_table(run)
    if as_json:
        weights = [r.next_weight for r in run.rounds]
        machine({"run": run.config.folder.name, "rows": run.rows, "rounds": rows, "weights": weights})
        return
    show(rows, "Rounds")
    print(f"{many(len(run.rows), 'sample')}: select --method kmq-iterative -o run={run.config.folder.name}")
