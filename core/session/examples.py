"""Examples that a person pastes: kept as a file, and read as a store was, so that they can be targets."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.datasets.uploads import keep_upload
from core.errors import SelectionError
from core.sae.loading import at_hand
from core.schema import ExtractConfig
from core.selection.targets import MOST_TARGETS
from core.store.reader import FeatureStore
from core.topics.folders import located

ENDING = ".jsonl"
NO_ANSWER = "…"  # as data needs one


def examples_in(text: str) -> list[str]:
    """The examples of a pasted text, each once: parted by blank lines if there are any, else one a line.

    Raises SelectionError where there is none, and for more than can be targets.
    """
    text = text.replace("\r\n", "\n").strip()
    parts = re.split(r"\n\s*\n", text)
    parts = parts if len(parts) > 1 else text.split("\n")
    found = list(dict.fromkeys(part.strip() for part in parts if part.strip()))
    if not found:
        raise SelectionError("Paste some examples: one a line, or longer ones with a blank line between them.")
    if len(found) > MOST_TARGETS:
        raise SelectionError(f"These are {len(found):,} examples: at most {MOST_TARGETS:,} can be targets.")
    return found


def keep_examples(examples: Sequence[str], name: str) -> Path:
    """Write examples as prompts, whose answer is NO_ANSWER, to a file of the cache; raises DiskError."""
    records = [{"prompt": text, "response": NO_ANSWER} for text in examples]
    content = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode("utf-8", "replace")
    return keep_upload((name.strip() or "examples") + ENDING, io.BytesIO(content))


def read_as(store: FeatureStore, data: Path) -> ExtractConfig:
    """What extraction is asked for, so that it reads a file as a store was: by its model, SAE and topics."""
    config = ExtractConfig(**store.meta["config"])
    here: dict[str, Any] = {name: at_hand(getattr(config, name)) for name in ("model", "sae", "vectors")}
    topics = located((store.meta.get("topics") or {}).get("folder", ""))
    return replace(config, data=(str(data),), limit=None, columns=None, topics=str(topics or ""), device="auto", **here)
