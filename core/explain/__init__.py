"""Why a selection is what it is: credit of the picks, redundancy of the rest, bounds, reasons."""

from core.explain.certificates import Certificate, certificate
from core.explain.credit import CoveringPick, Ledger, covering_picks, ledger, redundancy
from core.matrix.covering import coverage_curve
from core.matrix.statistics import LengthEffect, length_effect

__all__ = [
    "Certificate",
    "CoveringPick",
    "Ledger",
    "LengthEffect",
    "certificate",
    "coverage_curve",
    "covering_picks",
    "ledger",
    "length_effect",
    "redundancy",
]
