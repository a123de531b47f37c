"""The layout of the code: who may import whom, and how long a file may be."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE, PAGES = sorted((ROOT / "core").rglob("*.py")), sorted((ROOT / "pages").glob("*.py"))
HEAVY = {"torch", "transformers", "sae_lens", "umap", "datasets"}


def imports(path, module_level=False):
    """Dotted names of what a file imports; at module level: not inside functions or `if TYPE_CHECKING`."""
    found, todo = set(), list(ast.parse(path.read_text(encoding="utf-8")).body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or "."} | {f"{node.module}.{alias.name}" for alias in node.names}
        if module_level and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if module_level and isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            todo += node.orelse
            continue
        todo += ast.iter_child_nodes(node)
    return found


def packages(names):
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("path", CORE, ids=lambda p: p.name)
def test_core_knows_no_screen(path):
    assert not packages(imports(path)) & {"streamlit", "pages", "app"}


@pytest.mark.parametrize("path", [p for p in CORE if p.name != "fast_topk.py"], ids=lambda p: p.name)
def test_heavy_packages_are_imported_where_they_are_used(path):
    assert not packages(imports(path, module_level=True)) & HEAVY
    assert path.name == "trainer.py" or "core.sae.train.fast_topk" not in imports(path)


@pytest.mark.parametrize(
    "name", ["matrix/transpose.py", "matrix/greedy.py", "matrix/similarity.py", "matrix/tallies.py", "store/pooling.py"]
)
def test_kernels_know_arrays_only(name):
    used = [module for module in imports(ROOT / "core" / name) if not module.startswith("core.matrix")]
    assert packages(used) <= {"numpy", "numba", *sys.stdlib_module_names}


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_pages_never_load_models(path):
    assert not packages(imports(path, module_level=True)) & HEAVY


@pytest.mark.parametrize("path", CORE + PAGES, ids=lambda p: p.name)
def test_files_are_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
