"""A sample's text as HTML: nothing in it comes to life, nothing is lost, and what was searched for is marked."""

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from core.session.matches import spans
from pages.parts.rendered import LONGEST, turn
from tests.hostile import HOSTILE, UNSEEN
from tests.strategies import quick

MARKDOWN = "# head\n> quote **bold** and `code`\n| a | b |\n```python\nprint('x')\n# no heading\n```\nend"
OURS = re.compile(r"</?(div|pre|code|strong|mark)( class='[a-z ]*')?>")


def words(shown):
    """The text of HTML, without white space."""
    return "".join(html.unescape(re.sub(r"<[^>]*>", "", shown)).split())


@quick
@given(st.lists(st.sampled_from((*HOSTILE, "`", "**", "```", "\n", "a")), max_size=8).map("".join))
def test_no_tag_is_made_but_our_own(text):
    shown = turn(text, spans(text, "evil"))
    assert "<" not in OURS.sub("", shown)
    assert ">" not in OURS.sub("", shown)


def test_what_is_shown_is_the_text():
    for text in HOSTILE:
        wanted = "".join(text.translate(UNSEEN).replace("\ud83d", "\ufffd").split())
        for mark in "`*":
            wanted = wanted.replace(mark, "")
        assert re.sub("[`*]", "", words(turn(text))) == re.sub("[`*\u202a-\u202e\u2066-\u2069]", "", wanted)


def test_the_structure_of_markdown_is_seen():
    shown = turn(MARKDOWN)
    assert "<div class='line heading'># head</div>" in shown
    assert "<strong>bold</strong> and <code>code</code>" in shown
    assert "<pre><code>print(&#x27;x&#x27;)\n# no heading</code></pre>" in shown
    assert "<div class='line table'>" in shown


def test_matches_are_marked_in_code_too():
    assert turn("a `Bee` b", spans("a `Bee` b", "bee")) == "<div class='line '>a <code><mark>Bee</mark></code> b</div>"
    assert turn("x\ny", [(0, 3)]).count("<mark>") == 2


def test_a_long_turn_is_shown_around_its_first_match():
    text = "a" * 5 * LONGEST + "needle" + "b" * 5 * LONGEST
    shown = turn(text, spans(text, "needle"))
    assert "<mark>needle</mark>" in shown and len(shown) < 2 * LONGEST
    assert "characters before" in shown and "characters more" in shown
