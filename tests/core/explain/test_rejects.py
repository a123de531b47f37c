"""Fault 11: every method's reason for what it leaves out, read back and held against the definition of the method."""

import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.explain.naming import enumerated
from core.explain.rejects import reasons
from core.schema import SelectionSpec
from core.selection.registry import METHODS
from core.selection.run import select
from tests.oracles import cost, credit, features, likeness, shared, without_credit
from tests.strategies import OPTIONS, quick, tasks

MORE = {
    "sae-greedy": [{}, {"quality": "grade"}],
    "sae-simscale": [{}, {"against": "nearest", "tau": 0.3}, {"tau": 0.3}],
    "instag": [{}, {"tags": "topics"}],
    "repr-filter": [{"limit": 0.2}, {"score": "grade", "limit": 0.5}],
    "quality": [{}, {"first": "lowest"}],
}


class Case:
    """A selection and the oracles that the phrases are held against."""

    def __init__(self, matrix, spec, info):
        self.matrix, self.spec, self.info = matrix, spec, info
        self.selection = select(matrix, spec, info)
        self.picks = self.selection.rows.tolist()
        self.own = self.picks[len(spec.pins) :]
        skip = without_credit(matrix, spec)
        self.sets = [set(s) - skip for s in features(matrix, spec)]
        self.weight = self.selection.weight if self.selection.weight is not None else credit(matrix, spec)
        self.grade = info.scores["grade"]
        worth = {"sae-greedy", "hybrid", "reference-guided"}
        self.quality = self.grade if spec.options.get("quality") and spec.method in worth else np.ones(len(self.sets))
        found = np.array(info.vectors(""), float)
        self.vectors = found / np.linalg.norm(found, axis=1, keepdims=True)
        self.clusters = self.selection.details.get("clusters")

    def gain(self, row, picks):
        return sum(
            self.weight[f] for f in self.sets[row] if sum(f in self.sets[p] for p in picks) < self.spec.multiplicity
        )

    def this_round(self, end=None):
        rounds, end = self.selection.round, len(self.picks) if end is None else end
        number = rounds[min(end, len(self.picks) - 1)]
        return [p for p, t in zip(self.picks[:end], rounds, strict=False) if t == number]

    def of_cluster(self, c):
        return [row for row in self.own if self.clusters.label[row] == c]


def holds(case, row, phrase):
    """Whether a phrase is true of a row; a phrase that nobody knows is not."""
    for pattern, check in CHECKS.items():
        if match := re.fullmatch(pattern, phrase):
            return check(case, row, *match.groups())
    raise AssertionError(f"An unknown reason: {phrase}")


def barred(case, row, which):
    """A ban and a feature may both bar it; of three features and more, two are named."""
    has = [f for f in features(case.matrix, case.spec)[row] if case.spec.vetoes.get(f) == "block"]
    more = [f"{len(has) - 2} more feature{'s' * (len(has) > 3)}"] if len(has) > 2 else []
    return has and enumerated([*(f"feature {f}" for f in has[:2]), *more]) == which


def too_dear(case, row, tokens, left):
    rest, own = case.spec.budget - sum(cost(case.info, i) for i in case.picks), cost(case.info, row)
    return case.spec.unit == "tokens" and (own, rest) == (int(tokens), int(left)) and own > rest


def adds_nothing(case, row, number):
    return case.gain(row, case.this_round()) == 0 and any(case.weight[f] for f in case.sets[row])


def adds_less(case, row, mine, last):
    before = case.this_round(len(case.picks) - 1)
    values = (
        case.gain(row, case.this_round()) * case.quality[row],
        case.gain(case.own[-1], before) * case.quality[case.own[-1]],
    )
    return np.allclose((float(mine), float(last)), values, rtol=1e-3) and values[0] <= values[1] + 1e-9


def mostly_covered(case, row, percent, tau):
    union = set().union(*(case.sets[p] for p in case.picks))
    share = len(case.sets[row] & union) / len(case.sets[row])
    return abs(share - float(percent) / 100) < 1e-3 and share > float(tau) == case.spec.options.get("tau", 0.8)


def too_alike(case, row, other, jaccard, tau):
    a, b = case.sets[row], case.sets[int(other)]
    near = len(a & b) / len(a | b)
    right = int(other) in case.picks and abs(near - float(jaccard)) < 1e-3
    return right and near > float(tau) == case.spec.options.get("tau", 0.8)


def fewer(case, row, n, what):
    sets = tags_of(case) if what == "tags" else case.sets
    first = case.selection.round[-1] == 1
    return first and len(sets[row]) == int(n) and all((-len(sets[p]), p) < (-int(n), row) for p in case.own)


def empty(case, row, what):
    return not (tags_of(case) if what == "tags" else case.sets)[row]


def tags_of(case):
    tags = case.info.tags("topics")
    return [set(tags.row(i).tolist()) for i in range(len(case.sets))]


def has_all(case, row, what):
    sets = tags_of(case) if what == "tags" else case.sets
    came = case.selection.round[-1] > 1 or (-len(sets[row]), row) < (-len(sets[case.own[-1]]), case.own[-1])
    return came and sets[row] <= set().union(*(sets[p] for p in case.picks))


def too_near(case, row, other, cosine, limit):
    near = float(case.vectors[row] @ case.vectors[int(other)])
    right = float(limit) == case.spec.options.get("limit", 0.9) and int(other) in case.picks
    return right and abs(near - float(cosine)) < 1e-3 and near > float(limit) - 1e-6


def later(case, row):
    by_data = case.spec.method == "repr-filter" and "score" not in case.spec.options
    key = (lambda i: i) if by_data else (lambda i: (-case.grade[i], i))
    return case.selection.round[-1] == 1 and all(key(p) < key(row) for p in case.own)


def nearer(case, row, other, mine, last):
    cosine = case.vectors @ case.vectors.T
    values = max(cosine[row, case.picks]), max(cosine[case.picks[-1], case.picks[:-1]])
    found = np.isclose(cosine[row, int(other)], values[0], atol=1e-6)
    return found and np.allclose((float(mine), float(last)), values, atol=1e-3) and values[0] >= values[1] - 1e-6


def first_only(case, row):
    return len(case.picks) == 1 and case.spec.method == "k-center"


def place(case, row, number):
    whole = select(
        case.matrix, SelectionSpec(**{**vars(case.spec), "budget": len(case.sets), "unit": "samples"}), case.info
    )
    return whole.rows.tolist().index(row) + 1 == int(number)


def shorter(case, row, part, mine, least):
    tokens = case.info.response_tokens if part == "response" else case.info.prompt_tokens
    values = tokens[row], min(tokens[case.own])
    return (int(mine), int(least)) == values and values[0] <= values[1]


def lower(case, row, mine, last, way):
    sign = 1 if way == "more" else -1
    right = np.allclose((float(mine), float(last)), (case.grade[row], case.grade[case.own[-1]]), rtol=1e-4)
    return right and all(sign * case.grade[p] >= sign * case.grade[row] for p in case.own)


def objective(case, row, picks):
    reach = np.max([np.zeros(len(case.sets)), *(case.vectors @ case.vectors[p] for p in picks)], axis=0)
    quality = np.sum(case.grade < case.grade[row]) / max(len(case.grade) - 1, 1)  # by rank
    alpha = case.spec.options.get("alpha", 0.5)
    return alpha * quality + (1 - alpha) * np.maximum(case.vectors @ case.vectors[row] - reach, 0).sum()


def worse(case, row, alpha, rest, score):
    before = case.picks[:-1]
    right = np.isclose(float(score), case.grade[row], rtol=1e-4)
    return right and objective(case, row, before) <= objective(case, case.picks[-1], before) + 1e-6


def full_cluster(case, row, how, places, c):
    mine, q = case.of_cluster(int(c)), int(places.replace(",", ""))
    if case.clusters.label[row] != int(c):
        return False
    if case.spec.method != "hybrid" and case.selection.details["quota"][int(c)] != q:
        return False  # of the hybrid, the places that a cluster without features cannot use go to the others
    if how == "nearer to its centre":
        distance = case.clusters.distance
        return len(mine) == q and all(distance[p] <= distance[row] for p in mine)
    if how == "drawn before it" and case.spec.method == "kmq-iterative":
        drawn = case.info.refined("").rows.tolist()
        return len(mine) == q and all(drawn.index(p) < drawn.index(row) for p in mine)
    if how == "that bring as much or more":

        def brought(p):
            at = case.picks.index(p)
            before = case.this_round(at)
            return case.gain(p, before) * case.quality[p] >= case.gain(row, before) * case.quality[row] - 1e-9

        return len(mine) >= q and all(brought(p) for p in mine[:q])
    return len(mine) == q


def worth_less(case, row, mine, last):
    own, picks = case.selection.details["objective"], case.selection.rows  # see selection/test_gain
    values = own.added(picks)[row], own.added(picks[:-1])[picks[-1]]
    return np.allclose((float(mine), float(last)), values, rtol=1e-3) and values[0] <= values[1] + 1e-6


def target_near(case, row, what, near):
    found = likeness(case.matrix, case.spec, case.info)
    turns = range(len(case.spec.pins), len(case.picks) if case.spec.unit == "samples" else 0)  # tokens may not fit
    before = all(found[k % len(found), case.picks[k]] >= found[k % len(found), row] - 1e-6 for k in turns)
    named = what == {"nearest": "cosine", "jaccard": "Jaccard similarity"}[case.spec.method]
    return named and before and np.isclose(float(near), found[:, row].max(), rtol=0, atol=6e-5)


CHECKS = {
    r"budget: most variations have it (.+), the last sample kept (.+)": shared,
    r"banned by hand": lambda case, row: row in case.spec.bans,
    r"(?:banned by hand; )?excluded: it has (.+)": barred,
    r"budget: the pins take all of it": lambda case, row: not case.own,
    r"budget: its ([\d,]+) tokens do not fit in the ([\d,]+) that are left": too_dear,
    r"(?:budget: )?it has no active feature that (?:counts|adds anything)": lambda case, row: not case.gain(row, []),
    r"redundant: the selection has its features( in round \d+ too)?": adds_nothing,
    r"budget: it would add (\d+) new features?(?: in round \d+)?, and the last sample kept added (\d+)": adds_less,
    r"budget: its gain(?: times quality)?(?: in round \d+)? is (\S+), that of the last pick (\S+)": adds_less,
    r"redundant: the selection has (\S+)% of its features, at most (\S+) is accepted": mostly_covered,
    r"too near row (\d+): Jaccard similarity (\S+), at most (\S+) is accepted": too_alike,
    r"budget: it has (\d+) (active features|tags), and samples with as many or more come first": fewer,
    r"budget: it would add (\S+), and the last sample kept added (\S+)": worth_less,
    r"budget: it has no (active features|tags) that count, and comes last": empty,
    r"redundant: the selection has its (active features|tags)": has_all,
    r"too near row (\d+): cosine (\S+), at most (\S+) is accepted": too_near,
    r"budget: samples before it in the order come first": later,
    r"budget: its cosine to row (\d+) is (\S+), that of the last pick was (\S+)": nearer,
    r"budget: the one pick is the sample nearest to the mean": first_only,
    r"budget: place (\d+) in the random order": place,
    r"budget: its (response|prompt) has (\d+) tokens, those picked have (\d+) or more": shorter,
    r"budget: its score is (\S+), those picked have (\S+) or (more|less)": lower,
    r"budget: the picks have more of (\S+) · quality \+ (\S+) · gain; its score is (\S+)": worse,
    r"budget: samples more like the targets come first; its (.+) to the nearest is (\S+)": target_near,
    r"budget: samples (.+) take the ([\d,]+) places of cluster (\d+)": full_cluster,
    r"budget: cluster (\d+) has no place": lambda case, row, c: not case.of_cluster(int(c)),
    r"the run of refinement has not drawn it": lambda case, row: row not in case.info.refined("").rows.tolist(),
}


@pytest.mark.parametrize("method", METHODS)
@quick
@given(st.one_of(tasks(), tasks(unit="tokens")), st.data())
def test_fault_11_what_a_method_says_of_a_reject_is_true(method, task, data):
    matrix, spec, info = task
    assume(method != "reference-guided" or (matrix.at(spec.theta).density() < 1).any())  # else it has no more of any
    options = data.draw(st.sampled_from(MORE.get(method, [OPTIONS.get(method, {})])))
    case = Case(matrix, SelectionSpec(**{**vars(spec), "method": method, "options": options}), info)
    rejects = [row for row in range(matrix.n_samples) if row not in case.picks]
    for row, phrase in zip(rejects, reasons(matrix, case.selection, info, rejects), strict=True):
        assert holds(case, row, phrase), (row, phrase)
