"""The words that pages explain mean what docs/glossary.md says."""

import re

from core.system.files import PROJECT
from pages.parts.terms import TERMS

ROW = re.compile(r"^\| (.+?) \| (.+) \|$", re.MULTILINE)


def test_terms_are_those_of_the_glossary():
    text = (PROJECT / "docs" / "glossary.md").read_text(encoding="utf-8").replace("**", "")
    glossary = dict(ROW.findall(text))
    assert TERMS.items() <= glossary.items()
