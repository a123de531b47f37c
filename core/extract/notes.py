"""What the reader of a store should know of how its samples were read: a sentence each."""

from __future__ import annotations

from collections.abc import Iterator

from core.extract.vectors import LARGEST
from core.schema import ExtractConfig
from core.store.writer import StoreWriter
from core.system.shown import many


def notes_on_reading(writer: StoreWriter, config: ExtractConfig) -> Iterator[str]:
    """Sentences on answers that the chat template does not let through whole, and on vectors that were cut."""
    restored, cut = int(writer.noted("restored")), int(writer.noted("cut"))
    if restored:
        yield (
            f"{', '.join(config.data)}: of {many(restored, 'sample')} the model's chat template leaves out a part of "
            "the answers, such as what was thought: it was read as plain text."
        )
    if cut:
        told = "The mean vector of 1 sample reaches" if cut == 1 else f"The mean vectors of {cut:,} samples reach"
        yield f"{told} beyond ±{LARGEST:,}, the limit of half precision, and what lies beyond is cut off."
