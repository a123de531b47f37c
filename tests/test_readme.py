"""README and docs say what is so: commands, options and files exist, links lead somewhere, figures have a command."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import typer

from core.cli.app import app

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMANDS = typer.main.get_command(app).commands
MEASURED = re.compile(r"\d (?:ms|s|min|minutes|GB|MB|%|times|nats)\b|\d %|\| *[\d,.]+ *%? *\|")


def told(path: Path) -> list[str]:
    """The command lines of a page, those in blocks and those between backticks."""
    text = path.read_text(encoding="utf-8")
    blocks = re.findall(r"```(?:sh|bat)\n(.*?)```", text, re.DOTALL)
    indented = re.findall(r"^    (python -m .*(?:\\\n.*)*)", text, re.MULTILINE)
    inline = re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    lines = [line for block in blocks for line in re.sub(r"\\\n", " ", block).split("\n")]
    lines += [re.sub(r"\\\n", " ", line) for line in indented] + [" ".join(line.split()) for line in inline]
    return [line.strip().removeprefix("time ") for line in lines if re.match(r"\s*(time )?(python -m|make) ", line)]


def words(line: str) -> list[str]:
    """A command line without its comment."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters = True, "#"
    return list(lexer)


EVERY = [(path, line) for path in PAGES for line in told(path)]


@pytest.mark.parametrize(("path", "line"), EVERY, ids=[f"{p.stem}: {line[:60]}" for p, line in EVERY])
def test_a_command_exists_with_its_options(path, line):
    program, *rest = words(line)
    if program == "make":
        targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert all(word in targets or word.partition("=")[0].isupper() for word in rest)
        return
    module, *given = rest[1:]
    options = {word.partition("=")[0] for word in given if re.match(r"--?[a-z]", word)}
    if module == "core":
        name = next((word for word in given if word in COMMANDS or word == "COMMAND"), None)
        assert name or options <= {"--help"}, f"{line}: no such command"
        known = {o for p in COMMANDS[name].params for o in (*p.opts, *p.secondary_opts)} if name in COMMANDS else set()
        assert options <= known | {"--help"}, f"{line}: no such option"
        assert_values_are_complete(COMMANDS.get(name), given)
    elif module.startswith("benchmarks."):
        source = (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
        assert all(f'"{option}"' in source for option in options), f"{line}: no such option"
    else:
        assert module in ("streamlit", "tests.test_architecture")


def assert_values_are_complete(command: click.Command | None, given: list[str]) -> None:
    """click reads the words as a person's; nothing is run. Placeholders in capitals stand for files."""
    words_after = given[given.index(command.name) + 1 :] if command and command.name in given else []
    if words_after:
        command.make_context(
            command.name, [w.replace("STORE", "s.duckdb") for w in words_after], resilient_parsing=True
        )


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(path):
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?://", target):
            continue
        file, _, anchor = target.partition("#")
        page = (path.parent / file) if file else path
        assert page.exists(), f"{path.name} links to {target}"
        if anchor:
            heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}, target


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_named_files_exist(path):
    """What stands between backticks and looks like a file of the project is one."""
    names = re.findall(
        r"`((?:core|pages|tests|benchmarks|docs|assets)/[\w./-]+|requirements[\w-]*\.txt|app\.py)[:`]", path.read_text()
    )
    for name in names:
        assert (ROOT / name).exists(), f"{path.name} names {name}"


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_a_figure_has_the_command_that_prints_it(path):
    """In its own section, or at the top of its page."""
    text = path.read_text(encoding="utf-8")
    sections = re.split(r"^(?=#+ )", text, flags=re.MULTILINE)
    top = "".join(sections[:2])
    for section in sections:
        if MEASURED.search(re.sub(r"`[^`]*`|```.*?```", "", section, flags=re.DOTALL)):
            assert re.search(r"python -m (?:core|benchmarks)|make |python benchmarks", section + top), section[:200]


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 160
