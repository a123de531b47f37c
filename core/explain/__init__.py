"""Why a selection is what it is: credit of the picks, redundancy of the rest, bounds, reasons."""

from core.explain.certificates import Certificate, certificate
from core.explain.covers import Cover, smallest_cover
from core.explain.credit import Ledger, ledger, redundancy
from core.explain.similar_samples import most_similar_kept
from core.matrix.covering import coverage_curve
from core.matrix.statistics import LengthEffect, length_effect

__all__ = [
    "Certificate",
    "Cover",
    "Ledger",
    "LengthEffect",
    "certificate",
    "coverage_curve",
    "ledger",
    "length_effect",
    "most_similar_kept",
    "redundancy",
    "smallest_cover",
]
