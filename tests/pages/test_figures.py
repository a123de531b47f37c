"""What a chart shows is said in words too."""

import numpy as np
import plotly.graph_objects as go

from pages.parts.figures import BARS, in_words, line


def test_lines_are_told_by_their_ends_and_points_by_their_number():
    figure = go.Figure([line("greedy", np.arange(1, 4), np.array([5, 9.5, 1234]), "#000000")])
    figure.add_scattergl(x=[1, 2], y=[3, 4], mode="markers", name="kept")
    figure.update_xaxes(title="samples").update_yaxes(title="topics covered")
    told = "Chart of topics covered against samples. greedy: from 5 at 1 to 1,234 at 3. kept: 2 points."
    assert in_words(figure) == told


def test_bars_are_told_one_by_one_as_long_as_they_are_few():
    assert in_words(go.Figure(go.Bar(x=[0.25, 0.5], y=["random", "greedy"], orientation="h"))) == (
        "Chart. random 0.25, greedy 0.5."
    )
    many = go.Figure(go.Bar(x=list(range(BARS + 3)), y=[0] * (BARS + 3)))
    assert in_words(many).endswith(" and 3 more bars.")


def test_a_heatmap_and_an_empty_line_have_words():
    assert in_words(go.Figure(go.Heatmap(x=["a", "b"], y=["c"], z=[[1, 2]]))) == "Chart. a table of 1 by 2 cells."
    assert in_words(go.Figure(line("none", [], [], "#000000"))) == "Chart. none: 0 points."


def test_gaps_between_the_lines_of_a_trace_are_left_out():
    figure = go.Figure(line("two", [1, 2, None, 1, 3, None], [5, 6, None, 7, 8, float("nan")], "#000000"))
    assert in_words(figure) == "Chart. two: from 5 at 1 to 8 at 3."


def test_a_histogram_says_how_far_its_values_reach():
    figure = go.Figure(go.Histogram(x=[0.25, 3.0, 1.0]))
    assert in_words(figure) == "Chart. how 3 values are spread from 0.25 to 3."
