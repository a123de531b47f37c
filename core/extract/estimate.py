"""What an extraction will take in tokens, time, disk and memory, told from a pass over the data and a probe of it."""

from __future__ import annotations

import math
import resource
import shutil
import sys
import time
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import DataError
from core.extract.pipeline import OnProgress, Pipeline, Progress, load, read, require_parts
from core.extract.run import run_batches
from core.lm.chat import TokenizedSample, tokenize
from core.schema import ExtractConfig, Sample
from core.system.files import cache_dir

PROBE = 32  # samples
PATIENCE = 20.0  # seconds after which the probe begins no other batch
# Measured on seven stores of 1,000 to 10,000 samples, which they foretell to a fifth.
BYTES_PER_VALUE, BYTES_PER_CHARACTER, BYTES_PER_FEATURE, LEAST_BYTES = 10, 1.2, 4_300, 3_000_000
VECTORS = 3  # of each sample, in half precision
FLOPS = 3e10  # of the steps after the model has run, on two cores
FINISHING, FINISHING_SAMPLE = 25.0, 0.004  # seconds: maps, topics and indexes of any data, and those of a sample
MEMORY_SAMPLE = 24  # bytes for each number of a sample's vectors and features while maps and topics are made


@dataclass(frozen=True)
class Estimate:
    """What an extraction will take. tokens: those that training would see; read: those that the model will read."""

    samples: int
    tokens: int
    read: int
    seconds: float
    disk: int  # bytes of the store
    memory: int  # bytes of main memory at most
    free_disk: int
    free_memory: int
    probe: int  # samples that it is told from
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Probe:
    """Samples of the data, run: tokens and tokens read int64 (n,) of each, values active in all, seconds it took."""

    characters: np.ndarray
    tokens: np.ndarray
    read: np.ndarray
    values: int
    done: int  # tokens that were run: all that is read unless the patience ended
    seconds: float


def estimate(config: ExtractConfig, on_progress: OnProgress = lambda p: None, probe: int = PROBE) -> Estimate:
    """Count the data and run a probe of it; nothing is written. Raises DataError and ModelError as `extract` does."""
    begun = time.monotonic()
    require_parts(config)
    on_progress(Progress("Reading the data", 0, 1))
    reader = read(config)
    characters, drawn = counted(reader, probe)
    if not drawn:
        raise DataError("The data hold no usable sample.")
    on_progress(Progress("Loading model and SAE" if config.sae else "Loading the model", 0, 1))
    pipeline = load(config)
    loaded = time.monotonic() - begun
    on_progress(Progress(f"Trying {len(drawn)} samples", 0, 1))
    tried = tested(pipeline, drawn)
    on_progress(Progress("Done", 1, 1))
    return told(pipeline, characters, tried, loaded, tuple(reader.report.warnings))


def size(sample: Sample) -> int:
    """Characters of all turns."""
    return sum(len(m.content) for m in sample.messages)


def counted(samples: Iterable[Sample], n: int) -> tuple[np.ndarray, list[Sample]]:
    """Characters of each sample, int64 (N,), and n of them drawn at random: by Vitter's algorithm R, in one pass."""
    rng, sizes, drawn = np.random.default_rng(0), array("q"), list[Sample]()
    for i, sample in enumerate(samples):
        sizes.append(size(sample))
        place = i if i < n else int(rng.integers(i + 1))
        if place < len(drawn):
            drawn[place] = sample
        elif place < n:
            drawn.append(sample)
    return np.array(sizes, np.int64), drawn


def tested(pipeline: Pipeline, samples: list[Sample]) -> Probe:
    """Tokenize and run samples; the shortest one alone before, as whatever comes first takes longer."""
    config = pipeline.config
    items = tokenize(samples, pipeline.lm.tokenizer, config.most_read)
    read = np.array([len(item.ids) for item in items], np.int64)
    shortest = int(read.argmin())
    run(pipeline, [samples[shortest]], [items[shortest]])
    begun = time.monotonic()
    done, values = run(pipeline, samples, items)
    seconds = time.monotonic() - begun
    tokens = read + np.array([item.n_dropped for item in items], np.int64)
    return Probe(np.array([size(s) for s in samples]), tokens, read, values, done, seconds)


def run(pipeline: Pipeline, samples: list[Sample], items: list[TokenizedSample]) -> tuple[int, int]:
    """Run batches until all are done or the patience ends: tokens run, values of features that are active."""
    nobody = np.full(pipeline.n_features, np.inf)
    begun, tokens, values = time.monotonic(), 0, 0
    for batch, part in run_batches(pipeline, samples, items, 0, (nobody, nobody)):
        tokens += sum(len(items[i].ids) for i in batch)
        values += len(part["value"])
        if time.monotonic() - begun > PATIENCE:
            break
    return tokens, values


def told(
    pipeline: Pipeline, characters: np.ndarray, probe: Probe, loaded: float, warnings: tuple[str, ...]
) -> Estimate:
    """What the probe says of all the data."""
    config, n, d = pipeline.config, len(characters), pipeline.lm.d_model
    tokens, read = foretold(characters, probe, config.most_read or math.inf)
    values = probe.values / max(probe.done, 1) * read
    disk = LEAST_BYTES + BYTES_PER_VALUE * values + BYTES_PER_CHARACTER * characters.sum()
    disk += BYTES_PER_FEATURE * pipeline.n_features + 2 * VECTORS * d * n
    lens = 2.0 * pipeline.n_features * d * pipeline.lm.model.config.get_text_config().vocab_size / FLOPS
    seconds = loaded + read * probe.seconds / max(probe.done, 1) + lens + FINISHING + FINISHING_SAMPLE * n
    memory = peak_memory() + MEMORY_SAMPLE * (n * d + values)
    return Estimate(
        n, round(tokens), round(read), round(seconds, 1), round(disk), round(memory),
        shutil.disk_usage(cache_dir()).free, free_memory(), len(probe.tokens), warnings,
    )  # fmt: skip


def foretold(characters: np.ndarray, probe: Probe, most: float) -> tuple[float, float]:
    """Tokens of all samples and those that will be read, at most `most` of each, by the line through the probe."""
    slope, base = fitted(probe.characters, probe.tokens)

    def line(x: np.ndarray) -> np.ndarray:
        return np.maximum(base + slope * x, 1.0)

    cut = probe.read.sum() / np.minimum(line(probe.characters), most).sum()
    return float(line(characters).sum()), float(np.minimum(line(characters), most).sum() * cut)


def fitted(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope and intercept of the least-squares line; through the origin where x is one value alone."""
    if np.ptp(x) == 0:
        return float(y.mean() / max(x.mean(), 1)), 0.0
    slope = max(float(np.cov(x, y)[0, 1] / np.var(x, ddof=1)), 0.0)
    return slope, float(y.mean() - slope * x.mean())


def peak_memory() -> int:
    """Bytes of main memory that this process had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def free_memory() -> int:
    """Bytes of main memory that nobody uses; 0 where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")), 0)
