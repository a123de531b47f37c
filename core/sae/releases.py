"""sae-lens's table of pretrained SAEs: those of the residual stream, found by the model that they belong to.

Read from the installed package without importing it, which would take seconds and torch. The table itself knows no
layer, width or architecture: they are read off the names, each family of releases having its own way, and stay empty
where a name does not say.
"""

from __future__ import annotations

import importlib.util
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.lm.names import known_as

TABLE = "pretrained_saes.yaml"
# What is not of the residual stream before or after a block, or not encoded token by token.
OTHER = re.compile(
    r"transcoder|clt|temporal|[-_](att|attn|mlp)\b|hook_(z|attn_out|mlp_out|resid_mid)|lx[am]_|l\d+[am]_"
)
LAYER = re.compile(r"(?:layer_?|blocks\.|\bl)(\d+)")
WIDTHS = (  # how names tell the number of features: pattern, and what the number in it stands for
    (re.compile(r"width[-_]2pow(\d+)"), lambda n: 2**n),
    (re.compile(r"(?:width_|[-_]w)(\d+)k(?![a-z0-9])"), lambda n: n * 1000),
    (re.compile(r"width_(\d+)m(?![a-z0-9])"), lambda n: n * 1_000_000),
    (re.compile(r"\.hook_resid_pre_(\d+)$"), lambda n: n),
    (re.compile(r"[-_](\d+)k(?:-|$|__)"), lambda n: n * 1000),
)
ARCHITECTURES = {  # of the converters of sae-lens, as far as each stands for one
    "gemma_2": "jumprelu", "gemma_3": "jumprelu", "llama_scope": "jumprelu", "llama_scope_r1_distill": "jumprelu",
    "qwen_scope": "topk", "goodfire": "standard", "deepseek_r1": "standard",
}  # fmt: skip
NAMED = (("matryoshka", "matryoshka"), ("vanilla", "standard"), ("standard", "standard"), ("gated", "gated"),
         ("panneal", "standard"), ("topk", "topk"), ("res-jb", "standard"))  # fmt: skip
TUNED = re.compile(r"[-_.](it|instruct|chat)\b")  # what a name has that its base model's name has not
ALIASES = {"gpt2": "gpt2-small", "mistral-7b-v0.1": "mistral-7b", "gemma-3-270m-pt": "gemma-3-270m"}
WANTED_WIDTH, WANTED_L0 = 16_000, 60.0  # features, and active ones a token: what a recommendation comes near to


@dataclass(frozen=True)
class PretrainedSAE:
    """One SAE of the table. width: features, to the precision of its name; l0: active features a token; 0: not told."""

    release: str
    id: str
    model: str
    layer: int
    before: bool  # it reads what goes into the block, not what comes out
    width: int = 0
    architecture: str = ""
    l0: float = 0.0

    @property
    def source(self) -> str:
        """What names it for `extract --sae`."""
        return f"{self.release}/{self.id}"

    @property
    def canonical(self) -> bool:
        """Whether its authors call it the one to take of its layer and width."""
        return "canonical" in self.source


@lru_cache(maxsize=1)
def pretrained_saes() -> tuple[PretrainedSAE, ...]:
    """All SAEs of the residual stream in sae-lens's table, in its order; none where sae-lens is not installed."""
    package = importlib.util.find_spec("sae_lens")
    path = Path(next(iter(package.submodule_search_locations or ["."]))) / TABLE if package else None
    return read_table(path.read_text(encoding="utf-8")) if path and path.is_file() else ()


def read_table(text: str) -> tuple[PretrainedSAE, ...]:
    """The SAEs of the residual stream that a table in YAML lists."""
    import yaml

    table = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # the former: a fifth of the time
    found = (read_entry(name, release, entry) for name, release in table.items() for entry in release["saes"])
    return tuple(filter(None, found))


def read_entry(name: str, release: dict[str, Any], entry: dict[str, Any]) -> PretrainedSAE | None:
    """One entry of a release; None if its SAE is of another place, or its name tells no layer."""
    if "saes" in entry:  # a release that stands among the SAEs of another by mistake
        return None
    id, elsewhere = str(entry["id"]), str(entry.get("neuronpedia") or "")
    layer = LAYER.search(id)
    if OTHER.search(name) or OTHER.search(id) or not layer:
        return None
    architecture = architecture_of(str(release.get("conversion_func") or ""), f"{name} {id} {elsewhere}")
    model, width, l0 = str(release["model"]), width_of(name, id, elsewhere), float(entry.get("l0") or 0.0)
    return PretrainedSAE(name, id, model, int(layer[1]), "resid_pre" in id, width, architecture, l0)


def width_of(*names: str) -> int:
    """The number of features that one of an SAE's names tells; 0 if none does."""
    for name in reversed(names):
        for pattern, meant in WIDTHS:
            if found := pattern.search(name):
                return meant(int(found[1]))
    return 0


def architecture_of(converter: str, names: str) -> str:
    """The architecture, by sae-lens's converter or by what the names hold; empty if neither tells."""
    if converter in ARCHITECTURES:
        return ARCHITECTURES[converter]
    return next((architecture for word, architecture in NAMED if word in names), "")


def saes_for(model_name: str, table: Iterable[PretrainedSAE] | None = None) -> list[PretrainedSAE]:
    """The SAEs of a model, by its name alone (a hub id, a folder, a GGUF file), in the table's order.

    Without any of its own a fine-tuned model has those of its base model, if that is what its name says.
    """
    table = pretrained_saes() if table is None else tuple(table)
    wanted = aliased(model_name)
    own = [sae for sae in table if aliased(sae.model) == wanted]
    return own or [sae for sae in table if aliased(sae.model) in bases(wanted)]


def aliased(model_name: str) -> str:
    """What a model is known by, and sae-lens's table calls it."""
    name = known_as(model_name)
    return ALIASES.get(name, name)


def bases(name: str) -> set[str]:
    """What the base model of a fine-tuned one may be called."""
    base = TUNED.sub("", name)
    return {base, f"{base}-pt", f"{base}-base"} if base != name else {f"{base}-base", f"{base}-pt"}


def recommended(saes: Iterable[PretrainedSAE], n_layers: int = 0) -> PretrainedSAE | None:
    """The one to begin with: in the middle of the model, of about 16,000 features; ties to the first of the table.

    n_layers: of the model, where it is known; else the SAEs tell.
    """
    saes = list(saes)
    middle = (n_layers or max((sae.layer for sae in saes), default=0) + 1) / 2

    def distance(sae: PretrainedSAE) -> tuple[float, ...]:
        width = abs(math.log2(sae.width / WANTED_WIDTH)) if sae.width else 1.0
        l0 = abs(math.log2(sae.l0 / WANTED_L0)) if sae.l0 else 1.0
        return not sae.canonical, abs(blocks_before(sae) - middle), round(width, 1), l0

    return min(saes, key=distance, default=None)


def blocks_before(sae: PretrainedSAE) -> int:
    """How many blocks have run where it reads."""
    return sae.layer + (not sae.before)


def why(sae: PretrainedSAE, n_layers: int = 0) -> str:
    """Why it is recommended, in a sentence."""
    of = f" of {n_layers}" if n_layers else ""
    place = f"It reads the residual stream after {blocks_before(sae)}{of} blocks"
    parts = [f"{place}: nearest the middle, where features stand for meaning more than for spelling"]
    if sae.width:
        parts.append(f"{told_width(sae.width)} features are enough to tell samples apart, and quick to compute")
    if sae.canonical:
        parts.append("its authors name it as the one to take")
    return "; ".join(parts) + "."


def told_width(width: int) -> str:
    """A number of features as the names of SAEs have it: 16k, 1m."""
    return f"{width // 1_000_000}m" if width >= 1_000_000 else f"{width // 1000}k" if width >= 1000 else str(width)
