"""The model and the lens that a store is to be made with, and what of them does not fit, before anything runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from core.demo import DEMO_SAE, demo_model
from core.errors import SaelectError
from core.extract.fit import Fit, fit
from core.lm.facts import ModelFacts, model_facts
from core.lm.names import known_as
from core.sae.facts import sae_facts
from core.sae.releases import PretrainedSAE, pretrained_saes, recommended, saes_for, told_width, why
from core.schema import LONG, ExtractConfig
from core.settings import sentence, settings_of
from core.store.catalogue import StoreTitle, store_titles
from core.system.files import cache_dir, with_home
from core.system.shown import size_told
from pages.parts.text import plain

NO_SAE = "No SAE: topics only"
SHIPPED = "The SAE that comes with SAElect"
TABLE = "One of sae-lens's table"
FOLDER = "A folder"
ANY = "any"
LENSES = (
    "Topics say what whole samples are about. They need no SAE, since they come with SAElect or are learnt from "
    "the data. An SAE adds the features of single tokens, as in the papers."
)
LONG_TOLD = {"cut": "are cut: the answer is kept", "windows": "are read whole, in windows"}
FRESH = 60  # seconds that an answer about files and the hub holds


def chosen_model() -> str:
    """The model that is chosen now, before its widget is drawn."""
    return str(st.session_state.get("data-model") or default_model())


def tokenizer_of(model: str) -> Path | None:
    """The model's tokenizer.json, if it lies on this machine."""
    return facts_of(model).tokenizer if model else None


@st.cache_data(ttl=FRESH, max_entries=16, show_spinner="Looking at the model …")
def facts_of(model: str) -> ModelFacts:
    """What the model's files say of it."""
    return model_facts(model)


@st.cache_data(ttl=FRESH, max_entries=16, show_spinner="Looking at model and SAE …")
def fit_of(config: ExtractConfig) -> Fit:
    """Whether the parts of a request fit."""
    return fit(config)


def choose_request(source: str, columns: tuple[tuple[str, str], ...], skip_bad: bool) -> ExtractConfig | None:
    """What is to be extracted and how; None as long as it cannot be."""
    st.subheader("3 · Model and lens", anchor=False)
    model = choose_model()
    if not model:
        return None
    facts = facts_of(model)
    sae = choose_sae(facts)
    if sae is None:
        return None
    given: dict[str, Any] = {"sae": sae, "columns": dict(columns) or None, "skip_bad": skip_bad}
    config = choose_settings(ExtractConfig((source,), model, **given))
    found = fit_of(config)
    for problem in found.problems:
        st.error(plain(problem), icon=":material/link_off:")
    for note in found.notes:
        st.caption(f":material/info: {plain(note)}")
    return None if found.problems else config


# --- the model


def choose_model() -> str:
    """A model by its name among those known here, or any other that is typed."""
    known = known_models()
    model = st.selectbox(
        "Language model", known, key="data-model", persist_state="session", accept_new_options=True,
        index=0 if known else None, format_func=model_name, placeholder="A hub id, a folder or a GGUF file",
        help="This model reads the samples. Larger ones tell finer differences and take longer. Type a hub id, or the "
        "path of a folder or GGUF file.",
    )  # fmt: skip
    model = (model or "").strip()
    if model:
        st.caption(plain(told(facts_of(model))))
    return with_home(model)


def known_models() -> list[str]:
    """The demo's model if it is installed, and those that stores were made with."""
    used = [str(made.get("model", "")) for title in titles() if (made := title.meta.get("config"))]
    return list(dict.fromkeys(filter(None, [default_model(), *used])))


def default_model() -> str:
    """The demo's model, if it is installed."""
    try:
        return str(demo_model())
    except SaelectError:
        return ""


def titles() -> list[StoreTitle]:
    """The stores of the cache."""
    return store_titles(cache_dir())


def model_name(model: str) -> str:
    """What a model is called in a list."""
    name = Path(model).name if Path(model).is_absolute() else model
    return f"{name} (the demo's)" if model and model == default_model() else name


def told(facts: ModelFacts) -> str:
    """What is known of a model, in a line."""
    parts = [
        f"{facts.n_layers} blocks" if facts.n_layers else "",
        f"{facts.d_model:,} wide" if facts.d_model else "",
        f"up to {facts.context:,} tokens" if facts.context else "",
        size_told(facts.n_bytes) if facts.n_bytes else "",
    ]
    return " · ".join(filter(None, parts))


# --- the SAE


def choose_sae(facts: ModelFacts) -> str | None:
    """The SAE: empty for none, None as long as it is not named."""
    shipped = fits_shipped(facts)
    ways = [NO_SAE, *([SHIPPED] if shipped else []), TABLE, FOLDER]
    if st.session_state.get("data-lens") not in ways:
        st.session_state["data-lens"] = SHIPPED if shipped else NO_SAE
    way = st.segmented_control("Features of single tokens", ways, required=True, key="data-lens", help=LENSES,
                               persist_state="session")  # fmt: skip
    if way == NO_SAE:
        return ""
    if way == SHIPPED:
        return str(DEMO_SAE)
    if way == FOLDER:
        typed = st.text_input("Folder of the SAE", key="data-sae", persist_state="session",
                              placeholder="with cfg.json and sae_weights.safetensors, or sae.safetensors")  # fmt: skip
        return with_home(typed.strip()) or None
    return choose_from_table(facts)


def fits_shipped(facts: ModelFacts) -> bool:
    """Whether the SAE in assets/ was trained on this model."""
    return DEMO_SAE.is_dir() and known_as(sae_facts(str(DEMO_SAE)).model) == known_as(facts.name)


def choose_from_table(facts: ModelFacts) -> str | None:
    """One of the SAEs that sae-lens's table has for the model, by layer and width."""
    table = saes_for(facts.name)
    if not table:
        models = sorted({known_as(sae.model) for sae in pretrained_saes()})
        st.info(plain(f"sae-lens's table has none for {known_as(facts.name)}. It has some for: {', '.join(models)}."),
                icon=":material/search_off:")  # fmt: skip
        return None
    best = recommended(table, facts.n_layers)
    layer_box, width_box, box = st.columns([1, 1, 4])
    layers = sorted({sae.layer for sae in table})
    layer = layer_box.selectbox("Layer", [ANY, *layers], key="data-layer", persist_state="session")
    widths = sorted({sae.width for sae in table if sae.width})
    width = width_box.selectbox("Features", [ANY, *widths], key="data-width", persist_state="session",
                                format_func=lambda n: n if n == ANY else told_width(n))  # fmt: skip
    found = [sae for sae in table if layer in (ANY, sae.layer) and width in (ANY, sae.width)]
    found.sort(key=lambda sae: sae != best)
    by_source = {sae.source: sae for sae in found}
    source = box.selectbox(f"SAE ({len(found):,} of {len(table):,})", list(by_source), key="data-table-sae",
                           format_func=lambda name: line_of(by_source.get(name), best, name),
                           persist_state="session")  # fmt: skip
    if best:
        st.caption(f":material/thumb_up: {plain(best.source)}. {plain(why(best, facts.n_layers))}")
    return source


def line_of(sae: PretrainedSAE | None, best: PretrainedSAE | None, name: str) -> str:
    """An SAE of the table in a line."""
    if sae is None:
        return name
    parts = [
        f"layer {sae.layer}",
        f"{told_width(sae.width)} features" if sae.width else "",
        sae.architecture,
        f"{sae.l0:,.0f} active per token" if sae.l0 else "",
    ]
    line = f"{name} · {', '.join(filter(None, parts))}"
    return f"{line} · recommended" if sae == best else line


# --- the other settings


def choose_settings(config: ExtractConfig) -> ExtractConfig:
    """The settings that a person may want to change, the others as the command line has them."""
    known = settings_of(ExtractConfig)
    with st.expander("More settings", icon=":material/tune:"):
        left, middle, right = st.columns(3)
        way = st.segmented_control(
            "Samples longer than the window", LONG, default=config.long, required=True, key="data-long",
            persist_state="session", format_func=LONG_TOLD.__getitem__, help=sentence(ExtractConfig, "long"),
        )  # fmt: skip
        window = left.number_input(
            "Window in tokens", int(known["max_tokens"].low or 1), 1 << 20, config.max_tokens, key="data-window",
            persist_state="session", help=sentence(ExtractConfig, "max_tokens"),
        )  # fmt: skip
        first = middle.number_input("Only the first samples", 1, None, None, key="data-limit", placeholder="all",
                                    persist_state="session", help=sentence(ExtractConfig, "limit"))  # fmt: skip
        n_topics = right.number_input("Topics to learn", 0, None, 0, key="data-topics", persist_state="session",
                                      help=sentence(ExtractConfig, "n_topics"))  # fmt: skip
        hook_point = st.text_input("Hook point", key="data-hook", persist_state="session",
                                   placeholder="that of the SAE or of the topics, else the middle of the model",
                                   help=sentence(ExtractConfig, "hook_point"))  # fmt: skip
    return replace(config, max_tokens=int(window), limit=first, n_topics=int(n_topics), long=way,
                   hook_point=hook_point.strip())  # fmt: skip
