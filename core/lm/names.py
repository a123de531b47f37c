"""What a model is called: its name without what does not make it another model."""

from __future__ import annotations

import re

# What may follow a model's name without making it another model: a digest, the file's type, how it was quantised.
ENDINGS = (r"-[0-9a-f]{12}$", r"\.gguf$", r"[.-](i?q[2-8](_[0-9a-z]+)*|bf16|f?p?16|f?p?32)$")


def known_as(model_name: str) -> str:
    """What a model is known by: the last part of its name, without digest, file type and quantisation, lower case.

    model_name: a hub id, a folder or a GGUF file.
    """
    name = model_name.rstrip("/").rpartition("/")[2].lower()
    for ending in ENDINGS:
        name = re.sub(ending, "", name)
    return name
