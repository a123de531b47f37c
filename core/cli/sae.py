"""The commands that train and measure an SAE."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from core.cli.console import bar, tell
from core.cli.options import Asked, Options, takes
from core.sae.train.trainer import SaeTrainingConfig
from core.system.shown import shown_path


@takes(config=Options(SaeTrainingConfig))
def train_sae(
    data: Annotated[list[str], typer.Option(help="Instruction data; give it several times to mix sources.")],
    config: Asked,
    model: Annotated[str, typer.Option(help="Hub id, folder or GGUF file. Default: the demo's model.")] = "",
    out: Annotated[Path | None, typer.Option(help="New folder for the SAE. Default: one in the cache.")] = None,
    work: Annotated[Path | None, typer.Option(help="Folder for activations and checkpoints.")] = None,
) -> None:
    """Train a TopK SAE on the residual stream with sae-lens's trainer, then measure it on held-out rows. Resumable.

    Example: python -m core train-sae --data a.json --data b.jsonl --tokens 10100000
    """
    from core.demo import demo_model
    from core.sae.train.pipeline import run

    asked = SaeTrainingConfig(**config)
    with bar() as progress:
        task = progress.add_task("Collecting activations", total=asked.tokens, rate="")
        started = time.time()

        def collected(n: int) -> None:
            progress.advance(task, n)
            done = progress.tasks[0].completed
            progress.update(task, rate=f"{done / (time.time() - started):,.0f} tokens/s")

        folder, metrics = run(asked, data, model or str(demo_model()), out, work, collected, progress.stop)
    tell(f"The SAE → {shown_path(folder)}")
    print(json.dumps(metrics, indent=1))


def evaluate_sae(
    data: Annotated[list[str], typer.Option(help="The instruction data it was trained on; held-out rows are used.")],
    sae: Annotated[Path, typer.Option(help="Folder of an SAE that train-sae wrote.")] = Path(
        "assets/sae-smollm2-135m-layer15"
    ),
    model: Annotated[str, typer.Option(help="Default: the demo's model.")] = "",
    tokens: Annotated[int, typer.Option(help="Content tokens to measure on.")] = 60_000,
) -> None:
    """Measure an SAE on held-out rows: explained variance, dead latents, cross-entropy recovered.

    Example: python -m core evaluate-sae --data a.json --data b.jsonl
    """
    from core.demo import demo_model
    from core.sae.train.pipeline import measure

    print(json.dumps(measure(sae, data, model or str(demo_model()), tokens), indent=1))
