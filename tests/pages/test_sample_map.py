"""What the map's component is made of: a library that is the one it is said to be, and colours."""

import hashlib
import re

from pages.parts.figures import CATEGORIES, scale_colours
from pages.parts.sample_map import COLOURS, LIBRARY, in_words


def test_the_library_is_the_one_that_its_readme_tells():
    told = re.search(r"`([0-9a-f]{64})`", (LIBRARY.parent / "README.md").read_text(encoding="utf-8"))[1]
    assert hashlib.sha256(LIBRARY.read_bytes()).hexdigest() == told
    licences = (LIBRARY.parent / "LICENSES.txt").read_text(encoding="utf-8")
    assert licences.count("Permission") >= len(re.findall(r"^== ", licences, re.MULTILINE)) == 9


def test_colours_are_told_apart_by_their_place():
    assert len(set(COLOURS)) == len(COLOURS) <= 256 and set(CATEGORIES) < set(COLOURS)
    assert scale_colours(3) == ["#0072b2", "#cc79a7", "#e69f00"] and len(set(scale_colours(16))) == 16


def test_areas_of_the_same_name_are_told_by_the_next_one_that_is_free():
    areas = [
        {"level": 0, "size": 9, "names": ["plans", "trade"]},
        {"level": 0, "size": 5, "names": ["plans", "firms"]},
        {"level": 0, "size": 3, "names": ["plans"]},
        {"level": 1, "size": 2, "names": ["code"]},
    ]
    assert in_words(areas) == "plans, 9; firms, 5"
