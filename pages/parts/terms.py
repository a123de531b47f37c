"""Words explained where they first stand: one sentence each, the one of docs/glossary.md."""

from __future__ import annotations

import streamlit as st

# Checked against docs/glossary.md by a test.
TERMS = {
    "lens": "What counts as a feature: topics of whole samples, or features of single tokens.",
    "θ, the threshold": "A feature is active in a sample when its value is above θ (JumpReLU).",
    "coverage": "How many features are active in at least one kept sample (in r of them, with a multiplicity of r).",
    "gain": "What a sample adds to the coverage of those kept before it.",
    "credited": "The features that a kept sample was the first to cover.",
    "redundancy": "The share of a sample's active features that the kept samples cover.",
    "certificate": "A bound: the kept samples cover at least so much of what the best ones of that number could.",
    "AUC": "How often an example scores above a counterexample: 1 always, 0.5 as often as by chance.",
    "budget": "How many samples, or tokens, may be kept.",
}


def term(*names: str) -> None:
    """A small popover that explains words which have just been used."""
    with st.popover("What do these words mean?", type="tertiary", icon=":material/help:"):
        for name in names:
            st.markdown(f"**{name}**: {TERMS[name]}")
