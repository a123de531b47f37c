"""Instruction data in and out: containers, layouts, samples."""

from core.datasets.samples import ReadReport, SampleReader, file_digest, read_samples
from core.datasets.writers import FORMATS, write_records

__all__ = ["FORMATS", "ReadReport", "SampleReader", "file_digest", "read_samples", "write_records"]
