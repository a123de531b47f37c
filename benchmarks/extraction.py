"""Extraction: ours against the usual way, on the same samples in one run.

Ours: half the model, bf16 where the hardware has it, length-sorted batches, sparse encoding, into a feature store; the
map (UMAP) is left out. The usual way: Transformers in float32, a full forward with output_hidden_states, batches of 16
in file order with padding, a dense sae.encode, the largest value over the content tokens. Same content tokens, same
attention sinks left out. Each side is a process of its own, timed after loading its models and a warm-up.

    python -m benchmarks.extraction --samples 400
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from core.datasets.samples import read_samples  # noqa: E402
from core.datasets.writers import write_records  # noqa: E402
from core.extract.pipeline import Pipeline, load, scan  # noqa: E402
from core.extract.run import run_chunks  # noqa: E402
from core.lm.batches import padded  # noqa: E402
from core.lm.chat import tokenize  # noqa: E402
from core.lm.language_model import block_list, sinks  # noqa: E402
from core.matrix.threshold import chosen_theta, theta_table  # noqa: E402
from core.schema import ExtractConfig, FeatureMatrix, Sample  # noqa: E402
from core.store.writer import StoreWriter  # noqa: E402

PEER_BATCH = 16
WARM_UP = 4  # samples


def arguments() -> argparse.Namespace:
    """The command line; `--side` is how the script starts each of its two processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=str(ROOT.parent / "shared" / "data" / "alpaca_9k.json"))
    parser.add_argument("--model", default="", help="default: the demo's")
    parser.add_argument("--sae", default="", help="default: the demo's")
    parser.add_argument("--samples", type=int, default=400)
    parser.add_argument("--max-tokens", type=int, default=512)
    parser.add_argument("--dtype", default="auto", help="of our side")
    parser.add_argument("--side", choices=("ours", "usual"), help=argparse.SUPPRESS)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if not args.model or not args.sae:
        from core.demo import DEMO_SAE, demo_model

        args.model, args.sae = args.model or str(demo_model()), args.sae or str(DEMO_SAE)
    return args


def ours(args: argparse.Namespace, data: str, work: Path, name: str) -> tuple[float, int, FeatureMatrix, Any]:
    """Seconds, tokens, matrix and pipeline of our extraction into a store."""
    config = ExtractConfig(data, args.model, args.sae, max_tokens=args.max_tokens, dtype=args.dtype)
    pipeline, todo, writer = load(config), scan(config), StoreWriter(work / f"{name}.duckdb")
    begin = time.perf_counter()
    tokens = run_chunks(pipeline, writer, todo, lambda progress: None)
    writer.derive()
    seconds = time.perf_counter() - begin
    return seconds, tokens, writer.matrix(pipeline.sae.d_sae), pipeline


def usual(args: argparse.Namespace, data: str, warm_up: str) -> tuple[float, int, FeatureMatrix, Any]:
    """Seconds, tokens, matrix and pipeline of the usual way."""
    import scipy.sparse as sp

    pipeline = load(ExtractConfig(data, args.model, args.sae, max_tokens=args.max_tokens, dtype="float32"))
    usual_batch(pipeline, list(read_samples(warm_up)))
    samples, found, tokens = list(read_samples(data)), [], 0
    begin = time.perf_counter()
    for start in range(0, len(samples), PEER_BATCH):
        pooled, n = usual_batch(pipeline, samples[start : start + PEER_BATCH])
        found.append(sp.csr_array(pooled))
        tokens += n
    matrix = FeatureMatrix.from_scipy(sp.vstack(found))
    return time.perf_counter() - begin, tokens, matrix, pipeline


def usual_batch(pipeline: Pipeline, samples: list[Sample]) -> tuple[np.ndarray, int]:
    """The largest value of every feature in each sample, float32 (B, F), and the number of tokens."""
    import torch

    lm = pipeline.lm
    items = tokenize(samples, lm.tokenizer, pipeline.config.max_tokens)
    ids = padded([i.ids for i in items], lm.device)
    real = padded([np.ones(len(i.ids)) for i in items], lm.device)
    content = padded([i.segment + 1 for i in items], lm.device) > 0
    with torch.inference_mode():
        output = lm.model(input_ids=ids, attention_mask=real, output_hidden_states=True)
        hidden = output.hidden_states[pipeline.n_blocks]
        content &= ~sinks(hidden.norm(dim=-1), real > 0)
        acts = pipeline.sae.sae.encode(hidden)
        pooled = acts.masked_fill(~content[:, :, None], 0).amax(dim=1)
    return pooled.cpu().numpy(), int(real.sum())


def run_side(args: argparse.Namespace) -> None:
    """Run one side and leave its matrix and figures in the work folder."""
    work, data = Path(args.work), str(Path(args.work) / "data.jsonl")
    if args.side == "ours":
        ours(args, str(work / "warm-up.jsonl"), work, "warm-up")
        seconds, tokens, matrix, pipeline = ours(args, data, work, "store")
        n_blocks = pipeline.n_blocks
    else:
        seconds, tokens, matrix, pipeline = usual(args, data, str(work / "warm-up.jsonl"))
        n_blocks = pipeline.lm.n_layers
    blocks = block_list(pipeline.lm.model, pipeline.lm.n_layers)[:n_blocks]
    figures = {
        "seconds": seconds,
        "tokens": tokens,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "dtype": pipeline.lm.dtype,
        "blocks": n_blocks,
        "flops_per_token": 2 * sum(p.numel() for p in blocks.parameters()),
    }
    np.savez(
        work / f"{args.side}.npz", indptr=matrix.indptr, feature=matrix.feature, value=matrix.value, n=matrix.n_features
    )
    (work / f"{args.side}.json").write_text(json.dumps(figures))


def result(work: Path, side: str) -> tuple[dict[str, Any], FeatureMatrix]:
    """What a side left behind."""
    with np.load(work / f"{side}.npz") as file:
        matrix = FeatureMatrix(file["indptr"], file["feature"], file["value"], int(file["n"]))
    return json.loads((work / f"{side}.json").read_text()), matrix


def matmul_peak(dtype: str, size: int = 2048, repeats: int = 5) -> float:
    """FLOP/s of the fastest of some products of two square matrices."""
    import torch

    a, b = (torch.randn(size, size).to(getattr(torch, dtype)) for _ in range(2))
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        a @ b
        times.append(time.perf_counter() - begin)
    return 2 * size**3 / min(times)


def overlaps(one: FeatureMatrix, two: FeatureMatrix) -> tuple[np.ndarray, np.ndarray]:
    """Of each sample, how many features are active in both and in either: int64 (N,) each."""
    both = np.array([len(np.intersect1d(one.row(i), two.row(i))) for i in range(one.n_samples)])
    return both, one.counts + two.counts - both


def main() -> None:
    """Draw the samples, run both sides, print the comparison."""
    args = arguments()
    if args.side:
        run_side(args)
        return
    records = [sample.raw for sample in read_samples(args.data, skip_bad=True)]
    random.Random(0).shuffle(records)
    records = records[: args.samples]
    peaks = {dtype: matmul_peak(dtype) for dtype in ("float32", "bfloat16")}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        write_records(records, work / "data.jsonl", "jsonl")
        write_records(records[:WARM_UP], work / "warm-up.jsonl", "jsonl")
        common = ["--model", args.model, "--sae", args.sae, "--max-tokens", str(args.max_tokens), "--dtype", args.dtype]
        for side in ("ours", "usual"):
            subprocess.run([sys.executable, __file__, *common, "--side", side, "--work", folder], check=True)
        (a, ours_matrix), (b, usual_matrix) = (result(work, side) for side in ("ours", "usual"))
    theta = chosen_theta(theta_table(ours_matrix))
    both, either = overlaps(ours_matrix.at(theta), usual_matrix.at(theta))
    jaccard = np.divide(both, either, out=np.ones(len(both)), where=either > 0)
    print(f"{len(records)} samples of {Path(args.data).name}, {a['tokens']:,} tokens")
    print(f"matmul peak: {', '.join(f'{dtype} {peak / 1e12:.2f} TFLOP/s' for dtype, peak in peaks.items())}")
    print(f"{'':8}{'seconds':>10}{'tokens/s':>10}{'peak MB':>10}{'of peak':>10}   blocks, dtype")
    for name, side in (("ours", a), ("usual", b)):
        rate = side["tokens"] / side["seconds"]
        share = rate * side["flops_per_token"] / peaks.get(side["dtype"], float("nan"))
        print(
            f"{name:8}{side['seconds']:>10.2f}{rate:>10,.0f}{side['peak_mb']:>10,.0f}{share:>10.1%}"
            f"   {side['blocks']}, {side['dtype']}"
        )
    print(
        f"ratio: {b['seconds'] / a['seconds']:.2f} times as fast, {b['peak_mb'] / a['peak_mb']:.2f} times less memory"
    )
    print(
        f"active sets at θ = {theta:.4g}: Jaccard median {np.median(jaccard):.4f}, mean {jaccard.mean():.4f}, "
        f"pooled {both.sum() / max(either.sum(), 1):.4f}"
    )


if __name__ == "__main__":
    main()
