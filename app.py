"""The dashboard: whom it answers, navigation, the data set picker, and the controls that every page shares.

`streamlit run` finds `app` and serves through it, so that a request to a foreign host is refused before anything runs;
then it runs this file as `__main__` for every view of a page.
"""

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

from pages.parts.hosts import KnownHosts

SECTIONS = {
    "Data": (
        ("data", "Data", ":material/database:"),
        ("overview", "Overview", ":material/home:"),
        ("health", "Health", ":material/health_and_safety:"),
    ),
    "Explore": (
        ("map", "Map", ":material/scatter_plot:"),
        ("search", "Search", ":material/search:"),
        ("features", "Features", ":material/lightbulb:"),
        ("concepts", "Concepts", ":material/psychology_alt:"),
        ("teach", "Teach", ":material/school:"),
        ("differences", "Differences", ":material/difference:"),
        ("missing", "Missing", ":material/playlist_add:"),
    ),
    "Select": (
        ("budget", "Budget", ":material/tune:"),
        ("coverage", "Coverage", ":material/grid_on:"),
        ("why", "Why", ":material/help_center:"),
        ("decisions", "Decisions", ":material/gavel:"),
        ("selections", "Selections", ":material/bookmarks:"),
    ),
    "Research": (
        ("longest", "Longest response", ":material/straighten:"),
        ("compare", "Compare", ":material/compare_arrows:"),
        ("refinement", "Refinement", ":material/autorenew:"),
        ("proof", "Proof", ":material/verified:"),
    ),
    "Export": (("export", "Export", ":material/download:"),),
}
# What has the focus is ringed; and where the theme's own colours stand out too little: in code, on a light blue button.
# --page is the page's colour, for what stays in view above it.
RING = ":focus-visible:not(main){outline:2px solid %s!important;outline-offset:2px}"
READABLE = {
    "dark": ":root{--page:#10151c}" + RING % "#56b4e9" + "[data-testid='stCaptionContainer'] code{color:inherit}"
    "button[kind^='primary'],span[data-tag],span[data-tag] *{color:#10151c}"
    ".token.keyword{color:#7cc4f0!important}",
    "light": ":root{--page:#ffffff}" + RING % "#00659e" + "[data-testid='stCaptionContainer'] code{color:inherit}"
    ".token:is(.keyword,.property,.number,.boolean){color:#00507d!important}"
    ".token.string{color:#0a6b2d!important}",
}
# On a phone the pages are listed beside the page, over which the list stayed once one was chosen.
CLOSED = """<script>
if (!window.saelectList) {
    window.saelectList = true;
    window.addEventListener("click", ({target}) => {
        if (window.innerWidth <= 768 && target.closest?.("[data-testid=stSidebarNavLink]"))
            document.querySelector("[data-testid=stSidebarCollapseButton] button")?.click();
    });
}
</script>"""
PAGES = tuple(page for section in SECTIONS.values() for page in section)


def show() -> None:
    """Draw the bar and the page that the address names."""
    from pages.parts import dialogs
    from pages.parts.address import count_steps
    from pages.parts.bar import open_view
    from pages.parts.changes import say_change
    from pages.parts.keyboard import page_keys
    from pages.parts.view import ASKED, arrived

    icon = "assets/icon.png"  # a Material icon would be fetched from outside
    st.set_page_config("SAElect", icon, layout="wide")  # before the pages bring their own icons
    count_steps()
    st.html(f"<style>{READABLE[st.context.theme.type or 'light']}</style>")
    pages = {
        name: st.Page(f"pages/{name}.py", title=title, icon=icon, url_path=name, default=name == "overview")
        for name, title, icon in PAGES
    }
    sections = {title: [pages[name] for name, *_ in section] for title, section in SECTIONS.items()}
    navigation = st.navigation(sections, position="top")
    st.set_page_config(f"{navigation.title} · SAElect", icon, layout="wide")
    arrived()
    dialogs.forget()
    page_keys()
    with st.container(key="out-of-sight-list"):
        st.html(CLOSED, unsafe_allow_javascript=True)
    asked = st.query_params.get(ASKED)
    if asked in pages:
        rest = {name: value for name, value in st.query_params.items() if name != ASKED}
        st.switch_page(pages[asked], query_params=rest)
    if navigation.url_path == "data":  # which needs no store
        open_view(needed=False)
        navigation.run()
    elif now := open_view():
        say_change(now)
        navigation.run()


async def overview(request: Request) -> RedirectResponse:
    """Overview, which lies at the root, by its name."""
    return RedirectResponse(f"./?{request.url.query}")


if __name__ == "__main__":
    show()
else:
    app = st.App(__file__, routes=[Route("/overview", overview)], middleware=[Middleware(KnownHosts)])
