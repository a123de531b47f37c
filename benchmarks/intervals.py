"""Do the proof's 95 % intervals hold 95 % of the time? Proofs drawn anew with the spreads of docs/proof.json.

An experiment takes one of its comparisons with random, and makes new models and new held-out samples whose spreads are
those of the real ones: what the methods differ by on a sample is drawn from the real differences, a model's own luck
and what a model makes of one sample are normal. The true difference is 0: an interval holds if 0 lies in it.

    python -m benchmarks.intervals                       # 2,000 experiments each
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.proof.intervals import difference, known_parts, model_means

PROOF = Path(__file__).resolve().parents[1] / "docs" / "proof.json"
RESAMPLES = 2000  # of the bootstrap


@dataclass(frozen=True)
class Spreads:
    """What one comparison's losses vary by. gap: of each source the differences on its held-out samples, less their
    mean. models, own and other: standard deviations of the models' means; together, own and other: of what a model
    makes of one sample, for each source. spread: standard deviation over the seeds of the method's mean loss.
    """

    spread: float
    gap: list[np.ndarray]
    models: tuple[float, float]
    together: tuple[np.ndarray, np.ndarray]


def comparisons(path: Path = PROOF) -> list[Spreads]:
    """The spreads of every comparison with random in a results file; of one model alone they are not known."""
    content, losses = json.loads(path.read_text()), defaultdict(list)
    for run in content["runs"]:
        losses[run["method"], run["budget"]].append(np.array(run["losses"], np.float64))
    source = np.array(content["sources"])
    return [
        spreads(np.array(own), np.array(losses["random", budget]), source)
        for (method, budget), own in losses.items()
        if method != "random" and budget and len(own) > 1
    ]


def spreads(own: np.ndarray, other: np.ndarray, source: np.ndarray) -> Spreads:
    """The variance of models, of samples and of both together, the last taken out of the first two (two-way layout)."""
    gain, groups = other.mean(0) - own.mean(0), (own, other)
    parts = known_parts(gain, source)
    both = tuple(np.array([interaction(losses[:, part]) for part in parts]) for losses in groups)
    size, seeds = np.array([len(part) for part in parts]), [len(losses) for losses in groups]
    means = [model_means(losses, parts).var(ddof=1) for losses in groups]
    models = [max(m - (b / size).sum() / len(parts) ** 2, 0) ** 0.5 for m, b in zip(means, both, strict=True)]
    gap = []
    for part, noise in zip(parts, sum(b / n for b, n in zip(both, seeds, strict=True)), strict=True):
        centred = gain[part] - gain[part].mean()
        gap.append(centred * np.sqrt(max(1 - noise / centred.var(ddof=1), 0)))
    return Spreads(float(means[0] ** 0.5), gap, (models[0], models[1]), (np.sqrt(both[0]), np.sqrt(both[1])))


def interaction(losses: np.ndarray) -> float:
    """The variance of `losses` (models, samples) that neither model nor sample explains."""
    left = losses - losses.mean(1, keepdims=True) - losses.mean(0) + losses.mean()
    return float((left**2).sum() / ((losses.shape[0] - 1) * (losses.shape[1] - 1)))


def experiment(real: Spreads, seeds: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(losses of a method, of random, float64 (seeds, H) each, and the sources (H,)) that truly do not differ."""
    gap = np.concatenate([rng.choice(one, len(one)) for one in real.gap])
    source = np.repeat(np.arange(len(real.gap)), [len(one) for one in real.gap])
    made = [
        rng.normal(0, model, (seeds, 1)) + rng.normal(0, 1, (seeds, len(gap))) * both[source]
        for model, both in zip(real.models, real.together, strict=True)
    ]
    return made[0] - gap, made[1], source


def percentiles(
    own: np.ndarray, other: np.ndarray, source: np.ndarray, rng: np.random.Generator
) -> tuple[float, float]:
    """The ends of the percentile bootstrap over models and samples (Owen 2007), which has (n − 1) / n of the variance
    of n models and no t quantile."""

    def drawn(n: int) -> np.ndarray:
        times = rng.integers(n, size=(RESAMPLES, n)) + n * np.arange(RESAMPLES)[:, None]
        return np.bincount(times.ravel(), minlength=RESAMPLES * n).reshape(RESAMPLES, n) / n

    both, models = np.concatenate([other, -own]), np.hstack([drawn(len(other)), drawn(len(own))])
    parts = known_parts(other.mean(0), source)
    found = np.mean([(drawn(len(part)) @ both[:, part].T * models).sum(1) for part in parts], axis=0)
    low, high = np.quantile(found, (0.025, 0.975))
    return float(low), float(high)


def coverage(real: Sequence[Spreads], seeds: int, experiments: int, rng: np.random.Generator) -> float:
    """The share of experiments whose interval holds 0; the comparisons take turns."""
    held = 0
    for i in range(experiments):
        found = difference(*experiment(real[i % len(real)], seeds, rng))
        held += found.low <= 0 <= found.high
    return held / experiments


def bootstrap_coverage(real: Sequence[Spreads], seeds: int, experiments: int, rng: np.random.Generator) -> float:
    """The same for the percentile bootstrap."""
    held = 0
    for i in range(experiments):
        low, high = percentiles(*experiment(real[i % len(real)], seeds, rng), rng)
        held += low <= 0 <= high
    return held / experiments


def with_models(real: Sequence[Spreads], both: bool) -> list[Spreads]:
    """The same comparisons if the models of one group, or of both, vary as much as the methods' runs do on average,
    and that is all that models and samples do together."""
    spread = float(np.sqrt(np.mean([one.spread**2 for one in real])))
    nothing = np.zeros(len(real[0].gap))
    return [replace(one, models=(spread, spread if both else 0.0), together=(nothing, nothing)) for one in real]


def main(experiments: int, bootstraps: int) -> None:
    """Print how often either interval holds the true difference."""
    real = comparisons()
    for name, cases in (
        ("spreads as estimated for each comparison", real),
        ("models of both groups as the methods' seeds", with_models(real, both=True)),
        ("models of one group only", with_models(real, both=False)),
    ):
        for seeds in (3, 5):
            ours = coverage(cases, seeds, experiments, np.random.default_rng(seeds))
            peer = bootstrap_coverage(cases, seeds, bootstraps, np.random.default_rng(seeds))
            error = (ours * (1 - ours) / experiments) ** 0.5
            print(f"{name}, {seeds} seeds: t {ours:.1%} ± {error:.1%}, percentile bootstrap {peer:.1%}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiments", type=int, default=2000)
    parser.add_argument("--bootstraps", type=int, default=500, help="experiments for the percentile bootstrap")
    main(**vars(parser.parse_args()))
