"""Whether what `python -m core predict` predicts of selections comes true: the tables of docs/prediction.md.

    for each method and lens:
        python -m core predict --store STORE --method METHOD --lens LENS --budget 300 --prompts 60 --fresh 100 \\
            --max-tokens 256 --train --out FILE.json
    python -m benchmarks.prediction FILE1.json FILE2.json … --out docs/prediction.json
    python -m benchmarks.prediction docs/prediction.json

The second table has the rank correlation of each selection's prediction with what each of the others taught.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.proof_table import NOTHING, markdown
from core.matrix.statistics import spearman
from core.system.kept import write_json


def read(paths: Sequence[Path]) -> dict[str, Any]:
    """Results by what was selected, of files that predict or this benchmark has written; those not trained left out."""
    found: dict[str, Any] = {}
    for path in paths:
        content = json.loads(path.read_text(encoding="utf-8"))
        found |= {name_of(content): content} if "lenses" in content else content
    return {name: one for name, one in found.items() if all("fit" in result for result in one["lenses"].values())}


def name_of(found: Mapping[str, Any]) -> str:
    """A selection's method, with its lens where that makes a difference."""
    return f"{found['method']}, {found['lens']}" if found["method"].startswith("sae") else found["method"]


def kept(found: Mapping[str, Any]) -> dict[str, Any]:
    """A result with no more of each feature than the tables need."""
    parts = {
        lens: {
            **{name: result[name] for name in ("feature", "fit", "predicts")},
            **{side: {"delta": result[side]["delta"]} for side in ("before", "after")},
            "steady": {side: float(np.mean(result[side]["steady"])) for side in ("before", "after")}
            if "steady" not in result
            else result["steady"],
        }
        for lens, result in found["lenses"].items()
    }
    return {**found, "lenses": parts}


def signed(value: float | None) -> str:
    """A correlation with its sign."""
    return NOTHING if value is None else f"{value:+.2f}".replace("-", "−")


def fits(results: Mapping[str, Any]) -> str:
    """How well each prediction fits its own outcome, beside its rivals."""
    lines = [
        "| selection | lens | features | steady after | ρ | R² | ρ, random | lead (95 %) | ρ, length | lead (95 %) |",
        "|---|---|" + "--:|" * 8,
    ]
    for name, found in results.items():
        for lens, result in found["lenses"].items():
            fit = result["fit"]
            r2 = NOTHING if fit["own"]["r2"] is None else f"{fit['own']['r2']:.2f}"
            row = [
                name,
                lens,
                f"{len(result['feature']):,}",
                f"{result['steady']['after']:.0%}",
                signed(fit["own"]["spearman"]),
                r2,
            ]
            for rival in ("random", "length"):
                one = fit[rival]
                lead = f"{signed(one['lead'])} ({signed(one['low'])} to {signed(one['high'])})"
                row += [signed(one["spearman"]), lead]
            lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def crossed(results: Mapping[str, Any], lens: str) -> str:
    """The rank correlation of each prediction (rows) with each outcome (columns), over the features that both know."""
    rows = [
        [name, *(signed(between(one["lenses"][lens], other["lenses"][lens])) for other in results.values())]
        for name, one in results.items()
    ]
    return markdown([f"prediction of, {lens}", *results], rows)


def between(prediction: Mapping[str, Any], outcome: Mapping[str, Any]) -> float | None:
    """Spearman's ρ of one selection's prediction and another's outcome; None where it is not known."""
    _, one, other = np.intersect1d(prediction["feature"], outcome["feature"], return_indices=True)
    rho = spearman(np.array(prediction["before"]["delta"])[one], np.array(outcome["after"]["delta"])[other])
    return rho if rho == rho else None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, help="also keep the results here, all in one file")
    asked = parser.parse_args()
    results = {name: kept(one) for name, one in read(asked.files).items()}
    if asked.out:
        write_json(asked.out, results)
    lenses = next(iter(results.values()))["lenses"] if results else ()
    print("\n\n".join([fits(results), *(crossed(results, lens) for lens in lenses)]))
