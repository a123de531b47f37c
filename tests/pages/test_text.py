"""Text on pages: cut first, then escaped."""

import ast
import html
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.parts.text import cut, escape, plain

PAGES = sorted((Path(__file__).resolve().parents[2] / "pages").rglob("*.py"))


@given(st.text(max_size=40), st.integers(1, 50))
def test_a_cut_text_is_the_beginning_with_an_ellipsis(text, n):
    shown = cut(text, n)
    assert len(shown) <= n
    assert shown == text if len(text) <= n else text.startswith(shown[:-1]) and shown[-1] == "…" and len(shown) == n


@given(st.text(alphabet="<&>\"'a", max_size=30), st.integers(1, 30))
def test_no_entity_is_cut_in_half(text, n):
    assert html.unescape(escape(cut(text, n))) == cut(text, n)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_page_cuts_what_is_escaped_already(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and isinstance(node.value, ast.Call):
            called = getattr(node.value.func, "id", "")
            assert called not in (escape.__name__, plain.__name__), f"{path.name}:{node.lineno}: cut first"
