"""Selections by brute force: the definitions, word for word, on small instances."""

from dataclasses import replace
from math import log

import numpy as np

from core.errors import SelectionError
from core.selection.consensus import neighbours
from core.selection.run import select


def cost(info, row):
    return max(1, int(info.prompt_tokens[row] + info.response_tokens[row]))


def features(matrix, spec):
    """Active features at θ of each sample, ascending."""
    active = matrix.value > spec.theta
    return [
        [f for f, on in zip(matrix.row(i).tolist(), active[a:b], strict=True) if on]
        for i, (a, b) in enumerate(zip(matrix.indptr, matrix.indptr[1:], strict=False))
    ]


def allowed(matrix, spec):
    block = {f for f, mode in spec.vetoes.items() if mode == "block"}
    return [i not in spec.bans and not block & set(s) for i, s in enumerate(features(matrix, spec))]


def without_credit(matrix, spec):
    """The features that no pick is credited with."""
    wording = set() if spec.weights != "content" else set(range(matrix.n_features)) - set(matrix.content.nonzero()[0])
    return wording | {f for f, mode in spec.vetoes.items() if mode == "ignore"}


def credit(matrix, spec):
    """w_f times its boost, with 0 for features without credit."""
    matrix, n, n_features = matrix.at(spec.theta), matrix.n_samples, matrix.n_features
    count = [int((matrix.feature == f).sum()) for f in range(n_features)]
    mass = [float(matrix.value[matrix.feature == f].astype(float).sum()) for f in range(n_features)]
    idf = [log(n / max(c, 1)) for c in count]
    weight = {"uniform": [1.0] * n_features, "idf": idf, "mass": mass, "content": [1.0] * n_features}[spec.weights]
    boosted = [w * spec.boosts.get(f, 1.0) for f, w in enumerate(weight)]
    return [0.0 if f in without_credit(matrix, spec) else boosted[f] for f in range(n_features)]


def brute_greedy(matrix, spec, budget, price, per_cost=False):
    """The definition, word for word: (row, round, gain) of each pick."""
    sets, weight, picks, number = features(matrix, spec), credit(matrix, spec), [], 1
    count, pins = [0] * matrix.n_features, list(spec.pins)
    open_rows = [i for i, ok in enumerate(allowed(matrix, spec)) if ok]
    while open_rows:
        gain = {i: sum(weight[f] for f in sets[i] if count[f] < spec.multiplicity) for i in open_rows}
        fits = [i for i in open_rows if price[i] <= budget]
        if not fits:
            break
        creditable = any(weight[f] > 0 for i in fits for f in sets[i])
        if not pins and creditable and not any(gain[i] > 0 for i in fits):
            number, count = number + 1, [0] * matrix.n_features
            continue
        row = pins.pop(0) if pins else max(fits, key=lambda i: (gain[i] / (price[i] if per_cost else 1), -i))
        picks.append((row, number, gain[row]))
        open_rows.remove(row)
        budget -= price[row]
        for f in sets[row]:
            count[f] += 1
    return picks


def triples(selection):
    return list(zip(selection.rows.tolist(), selection.round.tolist(), selection.gains.tolist(), strict=True))


def brute_simscale(matrix, spec, tau, price):
    """The definition, going round with one sample after another: (row, round)."""
    sets = [[f for f in s if f not in without_credit(matrix, spec)] for s in features(matrix, spec)]
    free = [i for i, ok in enumerate(allowed(matrix, spec)) if ok and i not in spec.pins]
    budget = spec.budget - sum(price[i] for i in spec.pins)
    order = sorted((i for i in free if sets[i] and price[i] <= budget), key=lambda i: (-len(sets[i]), i))
    picks, number, count = [(i, 1) for i in spec.pins], 0, [0] * matrix.n_features
    for i in spec.pins:
        count = [c + (f in sets[i]) for f, c in enumerate(count)]
    while order:
        number += 1
        for i in list(order):
            covered = sum(count[f] >= spec.multiplicity for f in sets[i])
            if price[i] <= budget and covered / len(sets[i]) <= tau:
                picks.append((i, number))
                order.remove(i)
                budget -= price[i]
                count = [c + (f in sets[i]) for f, c in enumerate(count)]
        order, count = [i for i in order if price[i] <= budget], [0] * matrix.n_features
    for i in free:
        if not sets[i] and price[i] <= budget:
            picks.append((i, max(1, number)))
            budget -= price[i]
    return picks


def dense(matrix):
    """The values of a matrix: float (N, F)."""
    found = np.zeros((matrix.n_samples, matrix.n_features))
    for i in range(matrix.n_samples):
        found[i, matrix.row(i)] = matrix.value[matrix.indptr[i] : matrix.indptr[i + 1]]
    return found


def min_over_max(weight, a, b):
    """The sum of the smaller values over that of the larger ones, each with its weight."""
    most = weight @ np.maximum(a, b)
    return weight @ np.minimum(a, b) / most if most > 0 else 0.0


def likeness(matrix, spec, info):
    """How like each target (T) each sample is, by the method's own measure: float (T, N)."""
    some = spec.sets.get(spec.options["reference"])
    if spec.method == "nearest":
        vectors = np.array(info.vectors(""), float)
        units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return (info.target_vectors("") if some is None else units[list(some)]) @ units.T
    values, weight = dense(matrix.at(spec.theta)), np.array(credit(matrix, spec))
    targets = dense(info.reference("", "", "").at(spec.theta)) if some is None else values[list(some)]
    return np.array([[min_over_max(weight, row, target) for row in values] for target in targets])


def majority(orders, row, n):
    """The smallest budget with which more than half of the orders have a row among their first; n + 1 for none."""
    return next((k for k in range(1, n + 1) if 2 * sum(row in rows[:k] for rows in orders) > len(orders)), n + 1)


def varied_orders(matrix, spec, info, over="theta and scope"):
    """All samples in the order of sae-greedy for each variation of a request, without pins and bans."""
    own = replace(spec, method="sae-greedy", options={}, pins=(), bans=(), budget=matrix.n_samples, unit="samples")
    found = []
    for varied in (own, *neighbours(own, over).values()):
        other = matrix if varied is own else info.matrix(varied.scope, varied.theta, varied.lens)
        try:
            found.append(select(other, varied, info).rows.tolist())
        except SelectionError:  # vetoes leave none
            found.append([])
    return found


def shared(case, row, own, last):
    """Whether that is how early most variations have a row, and the last pick of a case of test_rejects."""
    n, orders = case.matrix.n_samples, varied_orders(case.matrix, case.spec, case.info)
    places = [majority(orders, each, n) for each in (row, case.own[-1])]
    return [own, last] == [f"only among their first {k}" if k <= n else "not at all" for k in places]
