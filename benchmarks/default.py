"""Which method and lens the dashboard should begin with, by the rule of `core.proof.default`.

python -m benchmarks.default docs/proof.json
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from core.proof.default import EXPLAINS, Judged, judged, read_proven


def told(found: Sequence[Judged]) -> str:
    """The choice, and why each of the others is not it."""
    lines = [
        f"{one.method}: "
        + (
            f"{one.behind:.3f} behind {one.worse}, beyond chance"
            if one.worse
            else f"loss {one.loss:.3f}, no method is better beyond chance"
        )
        + (f"; {one.spoiled:.1%} of its picks are spoiled" if one.spoiled == one.spoiled else "")
        + f"; {EXPLAINS[one.explains]}"
        for one in found
    ]
    if not found:
        return "The default: none"
    how = ", which is least behind where it is beaten, as each of them is" if found[0].worse else ""
    return "\n".join([f"The default: {found[0].method}{how}", *lines])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+", help="results that `prove --out` wrote, one file a pool")
    print(told(judged([read_proven(path) for path in parser.parse_args().files])))
