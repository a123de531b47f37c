"""The layout of the code: which room may import which, what a file may hold, and that docs/architecture.md tells it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# In the order in which they build on each other: a file imports from its own room and from those before it.
ROOMS = (
    "errors", "settings", "schema", "matrix", "system", "datasets", "lm", "sae", "store", "selection", "explain",
    "workspace", "scoring", "features", "extract", "refine", "session", "studies", "proof", "export", "demo", "cli",
    "__main__",
)  # fmt: skip
HEAVY = {"torch", "transformers", "sae_lens", "umap", "datasets", "trl", "peft", "lm_eval"}
SUBCLASSES = (
    "core.sae.train.fast_topk"  # it extends sae-lens's classes, so it needs them at once; nobody imports it at once
)
ARRAYS_ONLY = (
    "core.matrix.transpose", "core.matrix.greedy", "core.matrix.similarity", "core.matrix.farthest",
    "core.matrix.tallies",
    "core.store.pooling",
)  # fmt: skip
MOST_LINES = 300


class Import:
    """One imported module or name: its dotted name, whether it is imported when the file is, and the line."""

    def __init__(self, name: str, at_once: bool, line: int) -> None:
        self.name, self.at_once, self.line = name, at_once, line


def imports(tree: ast.Module) -> Iterator[Import]:
    """All imports of a file, those inside functions and under TYPE_CHECKING included."""
    todo: list[tuple[ast.AST, bool]] = [(node, True) for node in tree.body]
    while todo:
        node, at_once = todo.pop()
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, at_once, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            yield from (Import(f"{'.' * node.level}{module}.{a.name}", at_once, node.lineno) for a in node.names)
        lazy = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        lazy = lazy or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
        todo += [(child, at_once and not lazy) for child in ast.iter_child_nodes(node)]


class Code:
    """The parsed files of a project below `root`, by dotted name; a package is named as its folder."""

    def __init__(self, root: Path) -> None:
        paths = sorted(p for part in ("core", "pages") for p in (root / part).rglob("*.py"))
        self.path = {self.dotted(p.relative_to(root)): p for p in paths}
        self.text = {name: path.read_text(encoding="utf-8") for name, path in self.path.items()}
        self.tree = {name: ast.parse(text) for name, text in self.text.items()}
        self.imports = {name: list(imports(tree)) for name, tree in self.tree.items()}

    @staticmethod
    def dotted(path: Path) -> str:
        return ".".join(path.with_suffix("").parts).removesuffix(".__init__")

    def module(self, imported: str) -> str | None:
        """The file that an imported name comes from; None if it is none of ours."""
        while imported and imported not in self.path:
            imported = imported.rpartition(".")[0]
        return imported or None

    def core(self) -> list[str]:
        return [name for name in self.path if name.split(".")[0] == "core"]


def room(name: str) -> str:
    return [*name.split("."), ""][1]


def rooms_in_order(code: Code) -> Iterator[str]:
    for name in code.core():
        if room(name) and room(name) not in ROOMS:
            yield f"{name}: {room(name)} is none of ROOMS"
            continue
        for each in code.imports[name] if room(name) else ():
            to = code.module(each.name)
            if to and room(to) and to.startswith("core.") and ROOMS.index(room(to)) > ROOMS.index(room(name)):
                yield f"{name}:{each.line} imports {each.name} from a later room"


def no_circles(code: Code) -> Iterator[str]:
    """A package's face is left out: it imports the files of its room, and these name each other directly."""
    edges = {n: {m for i in code.imports[n] if (m := code.module(i.name)) and m != n} for n in code.path}
    files = {n for n, p in code.path.items() if p.name != "__init__.py"}
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> Iterator[str]:
        if name in way:
            yield "circle: " + " → ".join([*way[way.index(name) :], name])
        elif name not in done:
            for other in sorted(edges[name] & files):
                yield from visit(other, (*way, name))
            done.add(name)

    for name in sorted(files):
        yield from visit(name, ())


def no_screen_in_core(code: Code) -> Iterator[str]:
    for name in code.core():
        for each in code.imports[name]:
            if each.name.split(".")[0] in ("streamlit", "pages", "app"):
                yield f"{name}:{each.line} imports {each.name}"


def heavy_where_it_is_used(code: Code) -> Iterator[str]:
    for name in code.path:
        for each in code.imports[name]:
            if name != SUBCLASSES and each.at_once and each.name.split(".")[0] in HEAVY:
                yield f"{name}:{each.line} imports {each.name} at module level"
            if each.at_once and code.module(each.name) == SUBCLASSES:
                yield f"{name}:{each.line} imports {SUBCLASSES} at module level"


def kernels_know_arrays_only(code: Code) -> Iterator[str]:
    known = {"numpy", "numba", *sys.stdlib_module_names}
    for name in ARRAYS_ONLY:
        for each in code.imports.get(name, ()):
            if each.name.split(".")[0] not in known and not each.name.startswith("core.matrix."):
                yield f"{name}:{each.line} imports {each.name}"


def faces_list_what_they_hand_out(code: Code) -> Iterator[str]:
    for name, path in code.path.items():
        if path.name != "__init__.py":
            continue
        handed = {each.name.rpartition(".")[2] for each in code.imports[name]}
        listed = [
            n.value
            for n in code.tree[name].body
            if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "__all__"
        ]
        names = set(ast.literal_eval(listed[0])) if listed else set()
        if handed != names:
            yield f"{name}: __all__ and what is imported differ in {', '.join(sorted(handed ^ names))}"
        yield from (
            f"{name}.{n}: a file and what its package hands out share a name"
            for n in names
            if f"{name}.{n}" in code.path
        )


def private_names_stay_home(code: Code) -> Iterator[str]:
    for name in code.path:
        for each in code.imports[name]:
            last = each.name.rpartition(".")[2]
            if code.module(each.name) and last.startswith("_") and not last.startswith("__"):
                yield f"{name}:{each.line} imports the private {each.name}"


def files_are_short(code: Code) -> Iterator[str]:
    for name, text in code.text.items():
        if (n := len(text.splitlines())) > MOST_LINES:
            yield f"{name} has {n} lines, more than {MOST_LINES}"


def pages_are_leaves(code: Code) -> Iterator[str]:
    """Nothing imports a page; parts serve the pages."""
    for name in code.path:
        for each in code.imports[name]:
            to = code.module(each.name)
            if to and to.startswith("pages.") and not to.startswith("pages.parts"):
                yield f"{name}:{each.line} imports the page {to}"


RULES = (
    rooms_in_order, no_circles, no_screen_in_core, heavy_where_it_is_used, kernels_know_arrays_only,
    faces_list_what_they_hand_out, private_names_stay_home, files_are_short, pages_are_leaves,
)  # fmt: skip
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
    files_are_short: {"core/lm/a.py": "x = 1\n" * 301},
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
