"""Compiled kernels, shared by all checkouts on a machine: numba's own cache goes by the path of a source file.

It also goes by that file alone; here the folder is named for all kernels, so that a change in one that another
calls is never missed. `use` is called before numba is imported; processes that the tests start inherit it.
"""

import os
from pathlib import Path

from numba.core import config
from numba.core.caching import InTreeCacheLocator

from core.system.files import PROJECT
from tests.made_once import digest


def use() -> None:
    """Have numba keep the project's kernels in the user's cache folder, all others where it likes."""
    kernels = [path for path in (PROJECT / "core").rglob("*.py") if "njit" in path.read_text(encoding="utf-8")]
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"] = str(home / "saelect-tests" / f"kernels-{digest(kernels)}")
    names = f"{__name__}.SharedLocator,InTreeCacheLocator,UserWideCacheLocator"
    config.CACHE_LOCATOR_CLASSES = os.environ["NUMBA_CACHE_LOCATOR_CLASSES"] = names


class SharedLocator(InTreeCacheLocator):
    """Of a file of the project: its folder's path inside the project, in NUMBA_CACHE_DIR."""

    def __init__(self, py_func, py_file):
        super().__init__(py_func, py_file)
        self._cache_path = str(Path(config.CACHE_DIR) / Path(py_file).parent.relative_to(PROJECT))

    @classmethod
    def from_function(cls, py_func, py_file):
        return super().from_function(py_func, py_file) if Path(py_file).is_relative_to(PROJECT / "core") else None
