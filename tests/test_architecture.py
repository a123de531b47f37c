"""The code keeps the rules of its layout, each fails where it is broken, and docs/architecture.md tells what is."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.layout import (
    HEAVY,
    ROOMS,
    RULES,
    SUBCLASSES,
    Code,
    faces_list_what_they_hand_out,
    files_are_short,
    heavy_where_it_is_used,
    kernels_know_arrays_only,
    no_circles,
    no_screen_in_core,
    no_test_imports_a_test,
    pages_are_leaves,
    private_names_stay_home,
    rooms_in_order,
)

ROOT = Path(__file__).resolve().parents[1]
PLANTED = {
    rooms_in_order: {
        "core/matrix/a.py": "def f():\n    from core.selection.b import g\n",
        "core/selection/b.py": "g = 1\n",
    },
    no_circles: {
        "core/lm/a.py": "from core.lm.b import x\n",
        "core/lm/b.py": "if TYPE_CHECKING:\n    from core.lm.a import y\n",
    },
    no_screen_in_core: {"core/lm/a.py": "def f():\n    import streamlit as st\n"},
    heavy_where_it_is_used: {"core/lm/a.py": "import torch.nn\n"},
    kernels_know_arrays_only: {
        "core/matrix/greedy.py": "from core.schema import FeatureMatrix\n",
        "core/schema.py": "",
    },
    faces_list_what_they_hand_out: {"core/lm/__init__.py": "from core.lm.a import f\n", "core/lm/a.py": "f = 1\n"},
    private_names_stay_home: {"core/lm/a.py": "from core.lm.b import _x\n", "core/lm/b.py": "_x = 1\n"},
    files_are_short: {"tests/a.py": "x = 1\n" * 301},
    no_test_imports_a_test: {"tests/core/test_b.py": "from tests.core.test_a import helper\n"},
    pages_are_leaves: {"pages/why.py": "x = 1\n", "pages/parts/a.py": "from pages.why import x\n"},
}


def planted(root: Path, files: dict[str, str]) -> Code:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return Code(root)


@pytest.fixture(scope="module")
def code() -> Code:
    return Code(ROOT)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_code_keeps_the_rule(rule, code):
    assert list(rule(code)) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_fails_on_a_planted_violation(rule, tmp_path):
    assert len(list(rule(planted(tmp_path, PLANTED[rule])))) == 1


def test_a_name_that_its_package_hands_out_is_no_file(tmp_path):
    files = {"core/lm/__init__.py": "from core.lm.f import f\n__all__ = ['f']\n", "core/lm/f.py": "f = 1\n"}
    assert len(list(faces_list_what_they_hand_out(planted(tmp_path, files)))) == 1


def test_nothing_heavy_is_loaded_with_the_code(code):
    """Every file of core but one, and every part of the pages, in a process of its own."""
    names = [n for n in code.path if n not in (SUBCLASSES, "core.__main__") and (n.startswith("core") or "parts" in n)]
    script = f"import sys, importlib\nfor name in {names!r}: importlib.import_module(name)\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not HEAVY & {name.split(".")[0] for name in done.stdout.split()}


# --- docs/architecture.md


def first_sentence(text: str) -> str:
    return " ".join(text.split("\n\n", maxsplit=1)[0].split())


def rooms_as_text(code: Code) -> str:
    """The rooms in their order and the files of each, by the first paragraphs of their docstrings."""
    lines = []
    for name in ROOMS:
        own = [n for n in code.path if n == f"core.{name}" or n.startswith(f"core.{name}.")]
        lines += [f"- **{name}**: {first_sentence(ast.get_docstring(code.tree[own[0]]))}"] if own else []
        for file in own[1:]:
            about = first_sentence(ast.get_docstring(code.tree[file]))
            lines.append(f"  - `{file.removeprefix(f'core.{name}.').replace('.', '/')}` {about}")
    return "\n".join(lines)


ARCHITECTURE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- rooms: made by `python -m tests.test_architecture` -->\n\n", "\n\n<!-- end of rooms -->"


def test_the_rooms_in_the_document_are_those_of_the_code(code):
    text = ARCHITECTURE.read_text(encoding="utf-8")
    assert text[text.index(BEGIN) + len(BEGIN) : text.index(END)] == rooms_as_text(code)


def test_where_a_new_thing_goes_names_what_is_there(code):
    """Each paragraph of that section names, as `core/file.py: NAME`, a file and a name at its top level."""
    text = ARCHITECTURE.read_text(encoding="utf-8").split("## Where a new thing goes")[1].split("\n## ")[0]
    paragraphs = [p for p in text.replace("\n  ", " ").split("\n") if p.startswith("- **A new ")]
    kinds = (
        "data layout",
        "container",
        "export form",
        "selection method",
        "scorer",
        "SAE architecture",
        "health check",
        "way to colour the map",
        "page",
        "command",
    )
    assert [p.split("**")[1].removeprefix("A new ") for p in paragraphs] == list(kinds)
    for paragraph in paragraphs:
        named = re.findall(r"`([\w/]+\.py): (\w+)`", paragraph)
        assert named, paragraph
        for file, name in named:
            tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
            assert name in top_level(tree), f"{file} has no {name}"


def top_level(tree: ast.Module) -> set[str]:
    """What a file defines at its top level."""
    targets = [t for node in tree.body for t in getattr(node, "targets", [getattr(node, "target", None)])]
    return {ast.unparse(t) for t in targets if t} | {node.name for node in tree.body if hasattr(node, "name")}


if __name__ == "__main__":
    document = ARCHITECTURE.read_text(encoding="utf-8")
    before, after = document[: document.index(BEGIN) + len(BEGIN)], document[document.index(END) :]
    ARCHITECTURE.write_text(before + rooms_as_text(Code(ROOT)) + after, encoding="utf-8")
