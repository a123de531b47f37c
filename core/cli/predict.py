"""The command that predicts what a selection would teach, and checks it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli.console import machine, show, stages, tell
from core.cli.export import saved_spec
from core.cli.options import AsJson, Asked, Options, Store, request, takes
from core.lm.fine_tuning import TrainConfig
from core.schema import SelectionSpec
from core.system.shown import shown_path


@takes(spec=Options(SelectionSpec), train=Options(TrainConfig))
def predict(
    store: Store,
    spec: Asked,
    train: Asked,
    saved: Annotated[str, typer.Option(help="A selection saved under this name, instead of the options.")] = "",
    prompts: Annotated[int, typer.Option(min=2, help="Prompts of the selection that the model is asked.")] = 100,
    fresh: Annotated[int, typer.Option(min=2, help="Prompts held out of the selection, to see what came of it.")] = 100,
    new_tokens: Annotated[int, typer.Option(min=1, help="Longest answer in tokens; longer ones are cut.")] = 96,
    adapter: Annotated[Path | None, typer.Option(help="A folder with the model fine-tuned on the selection.")] = None,
    tune: Annotated[bool, typer.Option("--train", help="Fine-tune on the selection, as prove does.")] = False,
    out: Annotated[Path | None, typer.Option(help="Also write the result, feature by feature, as JSON.")] = None,
    as_json: AsJson = False,
) -> None:
    """What a selection would teach: its answers beside the model's own, feature by feature; with a fine-tuned model
    whether that came true. Resumable.

    Example: python -m core predict --store cache/KEY.duckdb --method sae-greedy --budget 300 --train
    """
    from core.features.shown_labels import called_of
    from core.lm.fine_tuning import require_training
    from core.proof.taught import told_of_fit, told_of_prediction
    from core.proof.teaching import Asked as Question
    from core.proof.teaching import fresh_rows, teach_of
    from core.system.kept import write_json

    if adapter or tune:
        require_training()
    session, workspace, wanted = request(store, **spec)
    state, n = workspace.state(), session.store.n_samples
    question = Question(prompts, fresh, new_tokens, wanted.seed, adapter, tune, TrainConfig(**train))
    if saved:
        chosen = session.selection(saved_spec(state.selections, saved))
        rows = fresh_rows(n, question, [*chosen.rows, *wanted.bans])
    else:
        rows = fresh_rows(n, question, [*wanted.pins, *wanted.bans])
        chosen = session.selection(replace(wanted, bans=tuple(sorted({*wanted.bans, *rows.tolist()}))))
    with stages() as told:
        found = teach_of(session, chosen, rows, question, told)
    if out:
        write_json(out, found)
        tell(f"written: {shown_path(out)}")
    if as_json:
        machine(found)
        return
    print(told_of_prediction(found))
    for lens, result in found["lenses"].items():
        called = called_of(session.store, state, lens)
        show(shifts_shown(result, called), f"What the selection would teach most and least (lens: {lens})")
        show(fits_shown(result), "Whether it came true, over the features")
        print(told_of_fit(result, lens))


def shifts_shown(result: dict[str, Any], called: dict[int, str], n: int = 8) -> list[dict[str, Any]]:
    """The features that a selection shifts most, up and down, those that are steady."""
    from core.proof.taught import extremes

    after = result.get("after", {}).get("z")
    return [
        {"feature": result["feature"][i], "name": called.get(result["feature"][i], ""), **figures}
        for i in extremes(result, n)
        for figures in [
            {name: float(result["before"][name][i]) for name in ("delta", "d", "z")}
            | ({"z after": float(after[i])} if after else {})
        ]
    ]


def fits_shown(result: dict[str, Any]) -> list[dict[str, Any]]:
    """How well the prediction fits the outcome, and its rivals."""
    return [
        {"prediction from": name, **{key: float("nan") if v is None else v for key, v in one.items()}}
        for name, one in result.get("fit", {}).items()
    ]
