"""The page Proof: what the picks consist of, by source and by a column of the data; a click on a variant."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from core.proof.picks import mixture
from core.proof.results import results
from core.proof.store import proofs_of
from core.session.session import Session, open_session
from core.session.variants import told
from core.system.files import cache_dir
from pages.parts.text import plain
from tests.factories import KEY, alpaca, tiny_store
from tests.made_runs import write_proof
from tests.pages.conftest import N, box, config_in, feature_sets, metrics

VARIANT, QUOTA = "sae-gain:exponent=1.0", "sae-greedy:quota=source=equal"


@pytest.fixture
def proved(cache) -> tuple[Session, dict]:
    """A session on samples with a column, and the mixture of its proof's picks by that column."""
    records = [{**record, "spoiled": ("clean", "cut")[i % 3 == 0]} for i, record in enumerate(alpaca(N))]
    digests = {"model": "m", "sae": "s", "data": "d"}
    tiny_store(cache, records, feature_sets(), n_features=24, config=config_in(cache), digests=digests)
    session = open_session(cache / f"{KEY}.duckdb")
    proof = write_proof(session, methods=("random", VARIANT, QUOTA), budgets=(6,), names=("web", "code"))
    return session, mixture(proof.runs(), session.labels("spoiled"))


def bars(at: AppTest) -> dict[str, list[float]]:
    """The shares of each group as the figure of the picks has them."""
    figure = next(json.loads(f.proto.spec) for f in at.get("plotly_chart") if '"share of the picks"' in f.proto.spec)
    return {bar["name"]: bar["x"] for bar in figure["data"]}


def test_picks_are_told_apart_by_a_column_of_the_data(visit, proved):
    at = visit("proof")
    assert list(bars(at)) == ["(no source)"]
    box(at, "Picks by").select("spoiled").run()
    _, shares = proved
    assert set(bars(at)) == {"clean", "cut"}
    assert sorted(bars(at)["cut"]) == pytest.approx(sorted(share["cut"] for share in shares.values()))


def test_a_proof_is_measured_on_one_source(visit, proved):
    at = visit("proof")
    session, _ = proved
    proof = proofs_of(cache_dir("proof", session.store.key))[0]
    for choice, measured in (("all sources", ()), ("web", ["web"])):
        box(at, "Measured on").select(choice).run()
        assert metrics(at)["Lowest loss"][0] == f"{min(r.loss for r in results(proof, measured)):.3f}"
    assert metrics(at)["Held-out samples"][0] == "5"


def test_a_click_on_a_variant_sets_the_bar_to_it(visit, proved):
    at = visit("proof")
    for method, linked in ((QUOTA, False), (VARIANT, True)):
        at.session_state["proof-chart"] = {"selection": {"points": [{"customdata": [f"{method}@6"]}]}}
        at.run()
        labels = [link.proto.label for link in at.get("page_link")]
        assert (plain(f"Compare {told(method)} at 6 samples with other methods") in labels) == linked


def test_this_projects_own_proofs_are_of_two_pools(visit):
    at = visit("proof")
    assert "a pool of clean sources, 22,263 samples of 4 sources" in said(at)
    box(at, "Proof").select("A skewed and dirty pool").run()
    assert "21,000 samples of 5 sources" in said(at) and "held out by the column part" in said(at)
    box(at, "Picks by").select("spoiled").run()
    assert {"clean", "looped", "shuffled"} <= set(bars(at)) and not at.exception


def test_overview_tells_of_the_projects_own_proof_and_leads_to_it(visit):
    at = visit("overview", method="sae-simscale")
    assert "This project did on a pool of clean sources, 22,263 samples of 4 sources" in said(at)
    (link,) = [each.proto for each in at.get("page_link") if each.proto.label.startswith("See the proof")]
    assert "example=proof" in link.query_string.split("&")


def said(at) -> str:
    """What a page tells beside its figures."""
    return "\n".join(part.value for part in [*at.caption, *at.info, *at.markdown]).replace("\\", "")
