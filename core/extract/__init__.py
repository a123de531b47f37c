"""Samples → language model → SAE → feature store."""

from core.extract.pipeline import OnProgress, Progress
from core.extract.run import extract

__all__ = ["OnProgress", "Progress", "extract"]
