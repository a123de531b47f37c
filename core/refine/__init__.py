"""k-means-quality with iterative refinement (arXiv 2409.11378)."""

from core.refine.rounds import refine
from core.refine.runs import RefineConfig, RefineRun, read_run, runs_of

__all__ = ["RefineConfig", "RefineRun", "read_run", "refine", "runs_of"]
