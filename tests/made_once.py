"""What takes long to make is made once, by whichever process comes first, and is there for the next run too."""

import hashlib
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from filelock import FileLock

from core.system.files import PROJECT

KEPT = PROJECT / "tests" / ".cache"


def digest(paths: Iterable[Path]) -> str:
    """16 hex digits of what these files hold and where in the project they lie."""
    found = hashlib.sha256()
    for path in sorted(paths):
        found.update(f"{path.relative_to(PROJECT)}:{path.stat().st_size};".encode() + path.read_bytes())
    return found.hexdigest()[:16]


def code() -> list[Path]:
    """Every file that decides what an extraction gives: the code, the shipped SAE, the versions of packages."""
    assets = (path for path in (PROJECT / "assets").rglob("*") if path.is_file())
    return [*(PROJECT / "core").rglob("*.py"), *assets, *PROJECT.glob("requirements*.txt"), PROJECT / "tests/tiny.py"]


def made_once(name: str, make: Callable[[Path], object], files: Iterable[Path]) -> Path:
    """The folder that `make(folder)` fills, made anew when `files` change; tests read it and write elsewhere."""
    folder = KEPT / f"{name}-{digest(files)}"
    done = folder / ".made"
    KEPT.mkdir(exist_ok=True)
    with FileLock(KEPT / f"{name}.lock"):
        if not done.exists():
            for old in KEPT.glob(f"{name}-*"):
                shutil.rmtree(old)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder
