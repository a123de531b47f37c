"""Files that came through the browser: kept in the cache, each once, under the digest of its content."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path
from typing import BinaryIO

from core.system.files import cache_dir, replacing

FOLDER = "uploads"  # of the cache
UNSAFE = re.compile(r"[^\w .()+-]")  # \w: letters and digits of all scripts
LONGEST = 200  # bytes of a name; file systems take 255


def keep_upload(name: str, content: BinaryIO) -> Path:
    """Write a file to uploads/DIGEST/NAME of the cache, if it is not there; raises DiskError. The name is made safe."""
    content.seek(0)
    digest = hashlib.file_digest(content, "sha256").hexdigest()[:16]  # type: ignore[arg-type]  # it may be any stream
    path = cache_dir(FOLDER, digest) / safe_name(name)
    if not path.is_file():
        content.seek(0)
        with replacing(path) as temporary, temporary.open("wb") as out:
            shutil.copyfileobj(content, out, 1 << 20)
    return path


def safe_name(name: str) -> str:
    """The last part of a name, without what a file system or a shell could take for something else."""
    last = re.split(r"[/\\]", name)[-1]
    plain = UNSAFE.sub("_", last).strip(" .-")
    stem, dot, ending = plain.rpartition(".")
    if not stem or len(ending) >= 20:
        stem, dot, ending = plain, "", ""
    room = LONGEST - len(f"{dot}{ending}".encode())
    return stem.encode()[:room].decode(errors="ignore") + dot + ending or "data"
