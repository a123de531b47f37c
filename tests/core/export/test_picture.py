"""The map: valid SVG, each point where it belongs, kept ones on top."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from core.export.picture import HEIGHT, KEPT, LEFT, MARGIN, WIDTH, map_svg, placed

SVG = "{http://www.w3.org/2000/svg}"


def dots(svg: str) -> dict[str, set[tuple[int, int]]]:
    """The places of the dots by colour."""
    paths = ElementTree.fromstring(svg).iter(f"{SVG}path")
    return {p.get("stroke"): {(int(a), int(b)) for a, b in re.findall(r"M(\d+) (\d+)h0", p.get("d"))} for p in paths}


def test_every_point_is_a_dot_in_the_colour_of_its_fate() -> None:
    rng = np.random.default_rng(0)
    x, y, kept = rng.normal(size=300), rng.normal(size=300) * 5, rng.random(300) < 0.2
    at = placed(np.column_stack([x, -y]))
    found = dots(map_svg(x, y, kept, "a map"))
    assert found == {c: set(map(tuple, at[kept == k].tolist())) for k, c in enumerate((LEFT, KEPT))}
    assert list(found) == [LEFT, KEPT], "the kept ones are drawn last"
    assert (at >= MARGIN).all() and (at <= [WIDTH - MARGIN, HEIGHT - MARGIN]).all()


def test_y_points_upwards_and_distances_keep_their_proportion() -> None:
    at = placed(np.column_stack([[0, 1, 0], [-0.0, -0.0, -1]])).astype(float)
    right, up = at[1] - at[0], at[2] - at[0]
    assert right[0] > 0 and right[1] == 0 and up[1] < 0 and up[0] == 0 and abs(right[0] + up[1]) <= 1


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_points_and_points_without_a_place(n: int) -> None:
    x, kept = np.full(n + 1, 3.0), np.ones(n + 1, bool)
    x[-1] = np.nan
    assert len(dots(map_svg(x, x, kept, "a map"))[KEPT]) == min(n, 1)


def test_a_hostile_title_is_text() -> None:
    title = "<script>x</script>&\x00\ud83d"
    (found,) = ElementTree.fromstring(map_svg(np.zeros(1), np.zeros(1), np.ones(1, bool), title)).iter(f"{SVG}title")
    assert found.text == "<script>x</script>&"


def test_many_points_make_a_small_file() -> None:
    rng = np.random.default_rng(0)
    assert len(map_svg(rng.normal(size=50_000), rng.normal(size=50_000), rng.random(50_000) < 0.1, "")) < 1_000_000
