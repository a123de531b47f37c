"""The dashboard: navigation, the data set picker, and the controls that every page shares."""

import streamlit as st

from pages import shared

PAGES = (
    ("overview", "Overview", ":material/home:"),
    ("budget", "Budget", ":material/tune:"),
    ("coverage", "Coverage", ":material/grid_on:"),
    ("map", "Map", ":material/scatter_plot:"),
    ("why", "Why", ":material/help_center:"),
    ("features", "Features", ":material/lightbulb:"),
    ("longest", "Longest response", ":material/straighten:"),
    ("export", "Export", ":material/download:"),
)

st.set_page_config("SAElect", ":material/filter_alt:", layout="wide")
navigation = st.navigation(
    [
        st.Page(f"pages/{name}.py", title=title, icon=icon, url_path=name, default=name == "overview")
        for name, title, icon in PAGES
    ]
)
if shared.open_view():
    navigation.run()
