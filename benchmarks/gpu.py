"""Extraction on a card against the usual way and against the processor's features, with torch and Transformers alone.

Ours: blocks up to the hook point, batches by the card's free memory, sparse encoding, pooled there. The usual way:
Transformers with hidden states, batches of 16 in file order, a dense activation of every feature, pooled on the card.
Neither needs sae-lens, DuckDB or numba. A model too large to send is sent in parts, which are joined here.

    python -m benchmarks.gpu split MODEL PARTS          files of more than 49 MB in parts
    benchmarks/gpu.sh --model PARTS --sae FOLDER --data FILE

Without a card it runs on the processor with few samples, and says so. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from core.datasets.samples import read_samples  # noqa: E402
from core.lm.batches import pack, padded, token_budget  # noqa: E402
from core.lm.chat import TokenizedSample, tokenize  # noqa: E402
from core.lm.language_model import LanguageModel, block_list, layers_needed, residual, sinks  # noqa: E402
from core.lm.quick import quicken  # noqa: E402
from core.lm.sources import load_lm, resolve_device, resolve_dtype  # noqa: E402
from core.sae.autoencoder import SparseAutoencoder  # noqa: E402
from core.sae.encoders import decoder_norm, pre_activations  # noqa: E402
from core.sae.plain import plain_sae  # noqa: E402

PART = 49_000_000  # bytes
USUAL_BATCH, SIDE_SECONDS = 16, 120.0
ON_PROCESSOR = 24  # samples, where there is no card


def split(folder: Path, out: Path) -> None:
    """Copy a folder, files of more than PART bytes in parts: NAME.part000, NAME.part001 …"""
    out.mkdir(parents=True)
    for path in filter(Path.is_file, sorted(folder.iterdir())):
        if path.stat().st_size <= PART:
            shutil.copyfile(path, out / path.name)
            continue
        with path.open("rb") as file:
            for i, data in enumerate(iter(lambda: file.read(PART), b"")):
                (out / f"{path.name}.part{i:03}").write_bytes(data)


def joined(parts: Path, out: Path) -> Path:
    """The folder that `split` was given: `parts` itself where nothing was split, else made anew at `out`."""
    if not list(parts.glob("*.part000")):
        return parts
    out.mkdir()
    for path in sorted(parts.iterdir()):
        with (out / path.name.partition(".part")[0]).open("ab") as file:
            file.write(path.read_bytes())
    return out


class Side:
    """A model and an SAE on a device, and the features of tokenized samples by two ways."""

    def __init__(self, model: Path, sae: Path, device: str) -> None:
        dtype = resolve_dtype("auto", device)
        self.lm: LanguageModel = load_lm(str(model), device, dtype)
        self.sae: SparseAutoencoder = plain_sae(sae, device, dtype)
        self.n_blocks = layers_needed(self.sae.hook_point, self.lm.n_layers)

    def ours(self, items: list[TokenizedSample]) -> Iterator[tuple[np.ndarray, Any]]:
        """Samples of each batch, and which features they have: sample · F + feature, on the device."""
        import torch

        lengths = np.array([len(i.ids) for i in items], np.int64)
        for batch in pack(lengths, token_budget(self.lm.model, 2048)):
            content = self.content([items[i] for i in batch])
            hidden = residual(self.lm, padded([items[i].ids for i in batch], self.lm.device), self.n_blocks)
            sample, at = self.kept(hidden, *content).nonzero(as_tuple=True)
            token, feature, _ = self.sae.encode_sparse(hidden[sample, at])
            yield batch, torch.unique(sample[token] * self.sae.d_sae + feature)

    def usual(self, items: list[TokenizedSample]) -> Iterator[tuple[np.ndarray, Any]]:
        """The same by a full forward and a dense activation."""
        for start in range(0, len(items), USUAL_BATCH):
            chosen = items[start : start + USUAL_BATCH]
            ids, content = padded([i.ids for i in chosen], self.lm.device), self.content(chosen)
            output = self.lm.model(input_ids=ids, attention_mask=content[1].long(), output_hidden_states=True)
            hidden = output.hidden_states[self.n_blocks]
            acts = self.dense(hidden.flatten(0, 1)).view(*ids.shape, -1)
            pooled = acts.masked_fill(~self.kept(hidden, *content)[:, :, None], 0).amax(1)
            yield np.arange(start, start + len(chosen)), pooled.flatten().nonzero()[:, 0]

    def content(self, items: list[TokenizedSample]) -> tuple[Any, Any]:
        """Which tokens are no template, and which are no padding: bool (batch, tokens) each."""
        device = self.lm.device
        real = padded([np.ones(len(i.ids)) for i in items], device) > 0
        return padded([i.segment + 1 for i in items], device) > 0, real

    def kept(self, hidden: Any, content: Any, real: Any) -> Any:
        """Content tokens that are no attention sinks."""
        return content & ~sinks(hidden.float().norm(dim=-1), real)

    def dense(self, x: Any) -> Any:
        """Every feature's activation, (T, F), as sae-lens's encode makes it."""
        import torch

        sae = self.sae.sae
        pre = pre_activations(sae, x)
        if sae.cfg.kind != "topk":
            return torch.where(pre > getattr(sae, "threshold", 0), pre, 0)
        pre = pre * decoder_norm(sae) if sae.cfg.rescale_acts_by_decoder_norm else pre
        value, feature = pre.topk(sae.cfg.k, dim=-1)
        return torch.zeros_like(pre).scatter_(-1, feature, value.relu())


Way = Callable[[list[TokenizedSample]], Iterator[tuple[np.ndarray, Any]]]


def run(way: Way, items: list[TokenizedSample], n_features: int) -> tuple[float, int, dict[int, set[int]]]:
    """Seconds, tokens and features by sample, until all samples are done or the time is up; results are copied to main
    memory while the next batch runs, where the device does that.
    """
    import torch

    found: list[tuple[np.ndarray, Any]] = []
    tokens, begun = 0, time.perf_counter()
    with torch.inference_mode():
        for batch, pairs in way(items):
            if pairs.is_cuda:
                there = torch.empty(pairs.shape, dtype=pairs.dtype, pin_memory=True)
                pairs = there.copy_(pairs, non_blocking=True)
            found.append((batch, pairs))
            tokens += sum(len(items[i].ids) for i in batch)
            if time.perf_counter() - begun > SIDE_SECONDS:
                break
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    seconds = time.perf_counter() - begun
    return seconds, tokens, by_sample(found, n_features)


def by_sample(found: list[tuple[np.ndarray, Any]], n_features: int) -> dict[int, set[int]]:
    """The set of features of each sample."""
    out: dict[int, set[int]] = {}
    for batch, pairs in found:
        owner, feature = np.divmod(pairs.numpy(), n_features)
        for i, sample in enumerate(batch.tolist()):
            out[sample] = set(feature[owner == i].tolist())
    return out


def jaccard(one: dict[int, set[int]], other: dict[int, set[int]]) -> float:
    """Features in both over features in either, of the samples that both have."""
    shared = one.keys() & other.keys()
    either = sum(len(one[i] | other[i]) for i in shared)
    return sum(len(one[i] & other[i]) for i in shared) / max(either, 1)


def matmul_peak(device: str, dtype: str) -> float:
    """FLOP/s of the fastest of some products of two square matrices."""
    import torch

    size = 8192 if device == "cuda" else 1024
    a, b = (torch.randn(size, size, device=device).to(getattr(torch, dtype)) for _ in range(2))
    times = []
    for _ in range(10):
        wait(device)
        begun = time.perf_counter()
        a @ b
        wait(device)
        times.append(time.perf_counter() - begun)
    return 2 * size**3 / min(times)


def wait(device: str) -> None:
    """Until a card has done what it was asked to."""
    import torch

    if device == "cuda":
        torch.cuda.synchronize()


def peak_memory(device: str) -> float:
    """MB that were taken at most since the last call: of the card's memory, or of this process's."""
    import torch

    if device != "cuda":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    peak = torch.cuda.max_memory_allocated() / 1e6
    torch.cuda.reset_peak_memory_stats()
    return peak


def measured(side: Side, name: str, items: list[TokenizedSample], device: str) -> tuple[dict[str, Any], dict]:
    """Warm up on a few samples and run one way over all: its figures, and the features."""
    way, n_blocks = (side.ours, side.n_blocks) if name == "ours" else (side.usual, side.lm.n_layers)
    run(way, items[:USUAL_BATCH], side.sae.d_sae)
    peak_memory(device)
    seconds, tokens, features = run(way, items, side.sae.d_sae)
    blocks = block_list(side.lm.model, side.lm.n_layers)[:n_blocks]
    flops = 2 * (sum(p.numel() for p in blocks.parameters()) + side.sae.d_in * side.sae.d_sae) * tokens / seconds
    figures = {"tokens": tokens, "seconds": round(seconds, 2), "tokens_per_second": round(tokens / seconds)}
    return figures | {"flops": flops, "peak_mb": round(peak_memory(device))}, features


def compared(args: argparse.Namespace, model: Path) -> dict[str, Any]:
    """All figures: ours, the usual way, and the processor's features of the first samples."""
    import torch

    device = resolve_device(args.device)
    side = Side(model, args.sae, device)
    wanted = args.samples if device == "cuda" else min(args.samples, ON_PROCESSOR)
    samples = list(islice(read_samples(str(args.data), skip_bad=True), wanted))
    items = tokenize(samples, side.lm.tokenizer, args.max_tokens)
    peak = matmul_peak(device, side.lm.dtype)
    usual, theirs = measured(side, "usual", items, device)
    if device == "cpu":
        quicken(side.lm.model)  # the usual way has the model's own parts
    ours, features = measured(side, "ours", items, device)
    for figures in (ours, usual):
        figures["share_of_peak"] = round(figures.pop("flops") / peak, 4)
    here = Side(model, args.sae, "cpu")
    _, _, processor = run(here.ours, items[: args.check], here.sae.d_sae)
    return {
        "device": torch.cuda.get_device_name() if device == "cuda" else f"{device}: no card here",
        "torch": torch.__version__, "dtype": side.lm.dtype, "samples": len(items),
        "peak_tflops": round(peak / 1e12, 2), "ours": ours, "usual": usual,
        "times_as_fast": round(ours["tokens_per_second"] / usual["tokens_per_second"], 2),
        "jaccard_with_processor": round(jaccard(features, processor), 4),
        "jaccard_with_usual": round(jaccard(features, theirs), 4),
    }  # fmt: skip


def main() -> None:
    """Split a model, or run the comparison and print it; the last line is JSON."""
    if sys.argv[1:2] == ["split"]:
        split(Path(sys.argv[2]), Path(sys.argv[3]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--model", "--sae", "--data"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("--max-tokens", type=int, default=512)
    parser.add_argument("--check", type=int, default=64, help="samples that the processor reads too")
    parser.add_argument("--device", default="auto")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = compared(args, joined(args.model, Path(folder) / "model"))
    for name in ("ours", "usual"):
        print(f"{name:6}", *(f"{key} {value}" for key, value in found[name].items()), sep="  ")
    if "no card" in found["device"]:
        print(f"No card here: {found['samples']} samples on the processor, which say nothing of a card's speed.")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
