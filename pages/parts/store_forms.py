"""The forms that start what adds to a store, or makes one of several: scores, labels, topics, joining."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.errors import SelectionError
from core.extract.joining import check_alike
from core.features.label_examples import example_maker
from core.features.labeller import estimate, unlabelled
from core.features.labels import book_of
from core.lm.endpoint import Endpoint, Prices
from core.lm.sources import require_path
from core.lm.work import Work
from core.sae.loading import at_hand
from core.schema import NOUNS, SelectionSpec
from core.scoring.columns import missing_columns, to_read
from core.session.decided import decided
from core.session.session import Session
from core.session.to_label import wanted_features
from core.settings import typed
from core.store.catalogue import StoreTitle
from core.store.meta import data_named, speed_of
from core.store.reader import open_store
from core.system.shown import many
from pages.parts.settings_form import MORE, ask
from pages.parts.start import KEYS, Asked, start_form
from pages.parts.view import View

SCORED = {
    "perplexity": "perplexity: how well the model foresees the response",
    "ifd": "ifd: how little the prompt helps it to the response (instruction-following difficulty)",
}


# --- scores


def score_form(session: Session, expanded: bool = True) -> None:
    """Compute score columns for a store, by which methods and Export may order its samples."""
    start_form("score", [session.store.key], lambda: asked_of_score(session), "Compute a score column", expanded)


def asked_of_score(session: Session) -> Asked:
    """The widgets of scoring; raises SaelectError where there is nothing to compute."""
    store = session.store
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    missing = missing_columns(store)
    names = left.multiselect("Scores", list(SCORED), missing[-1:], format_func=SCORED.__getitem__, key="score-columns")
    model = right.text_input(
        "Model", key="score-model", placeholder="the store's own", help="Hub id, folder or GGUF file."
    )
    if not names:
        raise SelectionError("Choose at least one score.")
    if not model.strip() and not set(names) & set(missing):
        raise SelectionError(f"{' and '.join(names)} of the store's own model are computed: choose others, or a model.")
    require_path(model.strip() or at_hand(str(store.meta["config"]["model"])))
    arguments = ["score", "--store", store.key, "--columns", ",".join(names)]
    arguments += ["--model", model.strip()] if model.strip() else []
    costs = [Work(read=to_read(store, names)).told(speed_of(store.meta))]
    return Asked(arguments, f"{' and '.join(names)} of {data_named(store.meta)}", costs)


# --- labels


def label_form(now: View, expanded: bool = False) -> None:
    """Have features labelled by a model behind an endpoint."""
    noun = f"{now.noun}s"
    start_form("label", [now.session.store.key], lambda: asked_of_label(now), f"Label {noun} by a model", expanded)


def asked_of_label(now: View) -> Asked:
    """The widgets of labelling; raises SaelectError without an endpoint, or with nothing to label."""
    store, lens = now.session.store, now.spec.lens
    given = ask(Endpoint, ("model", "base_url"), "label", beside=2)
    left, right = st.columns(2, vertical_alignment="bottom")
    features = left.text_input(f"{NOUNS[lens].capitalize()}s", key="label-features",
                               help="Their numbers, separated by commas. If empty, those credited most.")  # fmt: skip
    credited = right.number_input("Credited most", 1, 10_000, 100, key="label-credited", disabled=bool(features))
    with st.expander(MORE, key="label-more"):
        given |= ask(Endpoint, ("timeout", "retries", "answer_tokens", "workers"), "label", beside=4)
        prices = ask(Prices, ("price_in", "price_out"), "label", beside=2)
        again = st.toggle("Again", key="label-again", help="Also those that this model has labelled already.")
    endpoint = Endpoint.given(**given)
    wanted = wanted_features(now.session, greedy(now), features, int(credited))
    todo = wanted if again else unlabelled(wanted, book_of(store, lens), endpoint.model)
    if not todo:
        raise SelectionError(f"All {many(len(wanted), now.noun)} have a label by {endpoint.model}.")
    make = example_maker(store, now.session.raw_matrix("all", lens), lens, 0)
    examples = now.session.remember(("examples", lens, tuple(todo)), lambda: [o for o in map(make, todo) if o.shown])
    arguments = ["label", "--store", store.key, "--lens", lens, *typed(Endpoint, given), *typed(Prices, prices)]
    arguments += ["--features", features] if features else ["--credited", str(credited)]
    arguments += [*(["--again"] if again else []), "--yes"]
    costs = [estimate(examples, endpoint, **prices).told(endpoint), KEYS]
    return Asked(arguments, f"Labels of {many(len(examples), now.noun)} of {data_named(store.meta)}", costs)


def greedy(now: View) -> SelectionSpec:
    """The request by which the command tells what is credited most."""
    lens = now.spec.lens
    theta = now.session.default_theta("all", lens)[0]
    return decided(SelectionSpec(budget=1, theta=theta, lens=lens), now.state)


# --- topics


def upgrade_form(session: Session) -> None:
    """Add topics to a store that was made before there were any."""
    start_form("upgrade", [session.store.key], lambda: asked_of_upgrade(session), "Add what this store lacks")


def asked_of_upgrade(session: Session) -> Asked:
    """What adding takes: there is nothing to choose."""
    size = session.store.path.stat().st_size
    told = f"The model does not run again. {size / 1e6:,.0f} MB are copied, and as many again must be free meanwhile."
    return Asked(["upgrade", "--store", session.store.key], f"Upgrade of {data_named(session.store.meta)}", [told])


# --- joining


def join_form(titles: Sequence[StoreTitle], expanded: bool = False) -> None:
    """Make one store of several, where there are several that can be opened."""
    usable = {title.key: title for title in titles if not title.error}
    if len(usable) > 1:
        start_form("join", [], lambda: asked_of_join(usable), "Join stores", expanded)


def asked_of_join(titles: Mapping[str, StoreTitle]) -> Asked:
    """The stores to join; raises SaelectError unless there are two that go together."""
    keys = st.multiselect("Stores", list(titles), format_func=lambda key: titles[key].text, key="join-stores",
                          help="Of one model, one SAE and the same settings; rows count on through them.")  # fmt: skip
    stores = [open_store(titles[key].path) for key in keys]
    try:
        check_alike(stores)
    finally:
        for store in stores:
            store.close()
    size, n = sum(titles[key].path.stat().st_size for key in keys), sum(titles[key].n_samples for key in keys)
    told = f"{many(n, 'sample')}; {2 * size / 1e6:,.0f} MB must be free. The model is loaded, but does not run again."
    return Asked(["join", *keys], f"{' + '.join(titles[key].data for key in keys)}", [told])
