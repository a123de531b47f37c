"""The command that studies length: python -m core length."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from core.cli.console import machine, show
from core.cli.options import AsJson, Asked, Options, request, takes
from core.schema import SelectionSpec
from core.system.files import store_at

if TYPE_CHECKING:
    from core.session.session import Session


Stores = Annotated[
    list[Path],
    typer.Option(
        "--store", parser=store_at, metavar="STORE", help="A feature store, by path or key; repeat it to see several."
    ),
]


@takes(spec=Options(SelectionSpec, "theta", "scope", "budget", "seed", budget="5%"))
def length(
    store: Stores,
    spec: Asked,
    top: Annotated[int, typer.Option(help="Features of the decomposition to list.")] = 20,
    as_json: AsJson = False,
) -> None:
    """What length has to do with features: r, its parts, growth, other sets of samples, coverage beyond length.

    Example: python -m core length --store cache/0123456789abcdef.duckdb --budget 5%
    """
    found = {}
    for path in store:
        session, _, wanted = request(path, **spec)
        session.store.require("tokens")  # what is studied here needs to know where in a sample a feature fires
        found[path.stem] = study(session, wanted, top)
    if as_json:
        machine(found)
        return
    for part, title in TITLES.items():
        lead = ["store"] if len(found) > 1 else []
        rows = [
            {**dict.fromkeys(lead, key[:4]), **{name: cell(value) for name, value in row.items()}}
            for key, parts in found.items()
            for row in parts[part]
        ]
        show(rows, title)


TITLES = {
    "correlation": "Tokens that were read against active features, with 95 % intervals",
    "by_theta": "r against θ",
    "decomposition": "What the covariance of length and features consists of",
    "kinds": "Of which kinds the active features are, and those that carry half; content are two of the kinds together",
    "features": "The features with the largest shares",
    "growth": "Features against tokens read of a response: K · t^β",
    "sets": "The longest beside other sets of as many samples",
    "differences": "Features of the longest against each other set",
    "beyond": "Coverage with the advantage of length taken away",
}


def cell(value: Any) -> Any:
    """Intervals as text, the rest as it is."""
    return f"{value['value']:.3f} ({value['low']:.3f} to {value['high']:.3f})" if isinstance(value, dict) else value


def study(session: Session, spec: SelectionSpec, top: int) -> dict[str, list[dict[str, Any]]]:
    """All parts as rows of equal keys, at the scope, θ, budget and decisions of `spec`."""
    from core.store.places import token_places
    from core.studies.growth import growth
    from core.studies.length import by_theta, scope_tokens

    tokens, places = scope_tokens(session.store, spec.scope), token_places(session.store)
    table = session.default_theta(spec.scope, spec.lens)[1]
    levels = [row.quantile for row in table], [row.theta for row in table]
    curves = growth(session.store, places, spec.theta)
    grown = [{"source": c.source, "samples": int(c.samples.max(initial=0)), "up to token": len(c.features),
              "K": c.K, "beta": c.beta, "r2": c.r2} for c in curves]  # fmt: skip
    return {
        "correlation": correlations(session, spec),
        "by_theta": [asdict(row) for row in by_theta(session.raw_matrix(spec.scope, spec.lens), tokens, *levels)],
        **consists_of(session, spec, tokens, top),
        "growth": grown,
        **side_by_side(session, spec, tokens),
    }


def correlations(session: Session, spec: SelectionSpec) -> list[dict[str, Any]]:
    """r with its interval for each scope."""
    from core.studies.length import scope_correlations

    found = scope_correlations(session, spec.theta, spec.seed)
    return [{"features of": scope, "theta": spec.theta, **asdict(r)} for scope, r in found.items()]


def consists_of(session: Session, spec: SelectionSpec, tokens: np.ndarray, top: int) -> dict[str, list[dict[str, Any]]]:
    """How many features make up half of the covariance, of which kinds, and the first of them."""
    from core.features.kinds import kinds_among, known_kinds
    from core.studies.length_features import decomposition

    found = decomposition(session.matrix_of(spec), tokens)
    listed = found.order[: max(found.half, top)]
    kinds = known_kinds(session.store) if spec.lens == "tokens" else {}
    half, active = kinds_among(listed[: found.half], kinds), kinds_among(found.order, kinds)
    number = [{"kind": kind, "active": active[kind], "carry half": half[kind]} for kind in active]
    summary = {"covariance": found.covariance, "features": len(found.order), "carry half": found.half}
    faces = session.faces(spec.lens)
    columns = {"share": found.share, "density": found.density, "tokens with it": found.with_it}
    columns["tokens without"] = found.without
    features = [
        {
            "feature": f,
            "tokens at its peaks": faces.get(f, ""),
            "kind": kinds.get(f, ""),
            **{n: float(v[f]) for n, v in columns.items()},
        }
        for f in listed[:top].tolist()
    ]
    return {"decomposition": [summary], "kinds": number, "features": features}


def side_by_side(session: Session, spec: SelectionSpec, tokens: np.ndarray) -> dict[str, list[dict[str, Any]]]:
    """The longest beside other sets: costs, features that differ, and greedy without the advantage of length."""
    from core.studies.beyond_length import beyond, by_relative_gain, in_length_bins
    from core.studies.matched_sets import comparable_sets, costs, enrichment

    matrix, info = session.matrix_of(spec), session.info
    spec = replace(spec, unit="samples")
    sets = comparable_sets(session, spec)
    differ = []
    for name in [n for n in sets if n != "longest-response"]:
        found = enrichment(matrix, sets["longest-response"], sets[name])
        parts = {"enriched": found.enriched, "depleted": found.depleted}
        parts |= {"only the longest": found.only_one, "only the other": found.only_two}
        differ.append({"against": name, **{part: len(features) for part, features in parts.items()}})
    rows = [
        {"name": c.name, "samples": c.samples, "tokens": c.tokens, "response": c.mean_length, "covered": c.covered,
         "tokens each": c.tokens_a_feature, "at equal tokens": c.covered_in_budget}
        for c in costs(matrix, sets, info.tokens, info.response_tokens)
    ]  # fmt: skip
    others = {name: sets[name] for name in ("sae-greedy", "longest-response", "random")}
    others["greedy in length bins"] = in_length_bins(matrix, spec, info, tokens).rows
    others["greedy by relative gain"] = by_relative_gain(matrix, spec, info, tokens).rows
    lines = [asdict(line) for line in beyond(matrix, others, info.tokens, tokens)]
    return {"sets": rows, "differences": differ, "beyond": lines}
