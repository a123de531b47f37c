"""Which room may import which, and what a file may hold: rules over the parsed code, each a list of what breaks it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

# In the order in which they build on each other: a file imports from its own room and from those before it.
ROOMS = (
    "errors", "settings", "schema", "matrix", "system", "datasets", "lm", "sae", "topics", "store", "selection",
    "explain", "workspace", "scoring", "features", "extract", "refine", "session", "concepts", "studies", "proof",
    "jobs", "export", "demo", "cli", "__main__",
)  # fmt: skip
HEAVY = {"torch", "transformers", "sae_lens", "umap", "datasets", "trl", "peft", "lm_eval"}
SUBCLASSES = (
    "core.sae.train.fast_topk"  # it extends sae-lens's classes, so it needs them at once; nobody imports it at once
)
ARRAYS_ONLY = (
    "core.matrix.transpose", "core.matrix.greedy", "core.matrix.rounds", "core.matrix.similarity",
    "core.matrix.farthest", "core.matrix.tallies", "core.matrix.shingles", "core.matrix.close", "core.matrix.bf16",
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
        self.root = root
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
    """Tests and benchmarks too."""
    for path in (p for part in ("core", "pages", "benchmarks", "tests") for p in (code.root / part).rglob("*.py")):
        if (n := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES:
            yield f"{path.relative_to(code.root)} has {n} lines, more than {MOST_LINES}"


def no_test_imports_a_test(code: Code) -> Iterator[str]:
    """What several test files need stands in a file that is none."""
    for path in (code.root / "tests").rglob("*.py"):
        if found := re.search(
            r"^from tests\.(?:[\w.]+\.)?test_\w+ import|^from tests\.[\w.]+ import test_", text_of(path), re.MULTILINE
        ):
            yield f"{path.relative_to(code.root)}: {found[0]}"


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def pages_are_leaves(code: Code) -> Iterator[str]:
    """Nothing imports a page; parts serve the pages."""
    for name in code.path:
        for each in code.imports[name]:
            to = code.module(each.name)
            if to and to.startswith("pages.") and not to.startswith("pages.parts"):
                yield f"{name}:{each.line} imports the page {to}"


RULES = (
    rooms_in_order, no_circles, no_screen_in_core, heavy_where_it_is_used, kernels_know_arrays_only,
    faces_list_what_they_hand_out, private_names_stay_home, files_are_short, pages_are_leaves, no_test_imports_a_test,
)  # fmt: skip
