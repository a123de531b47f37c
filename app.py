"""The dashboard: navigation, the data set picker, and the controls that every page shares."""

import streamlit as st

from pages.parts.sidebar import open_view
from pages.parts.view import ASKED

PAGES = (
    ("overview", "Overview", ":material/home:"),
    ("budget", "Budget", ":material/tune:"),
    ("coverage", "Coverage", ":material/grid_on:"),
    ("map", "Map", ":material/scatter_plot:"),
    ("why", "Why", ":material/help_center:"),
    ("search", "Search", ":material/search:"),
    ("features", "Features", ":material/lightbulb:"),
    ("longest", "Longest response", ":material/straighten:"),
    ("compare", "Compare", ":material/compare_arrows:"),
    ("refinement", "Refinement", ":material/autorenew:"),
    ("proof", "Proof", ":material/verified:"),
    ("export", "Export", ":material/download:"),
)

st.set_page_config("SAElect", "assets/icon.png", layout="wide")  # a Material icon would be fetched from outside
pages = {
    name: st.Page(f"pages/{name}.py", title=title, icon=icon, url_path=name, default=name == "overview")
    for name, title, icon in PAGES
}
navigation = st.navigation(list(pages.values()))
asked = st.query_params.get(ASKED)
if asked in pages:
    rest = {name: value for name, value in st.query_params.items() if name != ASKED}
    st.switch_page(pages[asked], query_params=rest)
if open_view():
    navigation.run()
