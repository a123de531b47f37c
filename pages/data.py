"""Data: bring data of one's own, see what was understood, choose a model, start; and keep the stores in order."""

import streamlit as st

from pages.parts.data_model import choose_request, chosen_model, tokenizer_of
from pages.parts.data_preview import show_preview
from pages.parts.data_run import carries_out, making, show_making, show_start
from pages.parts.data_source import choose_source
from pages.parts.stores import is_one_chosen, show_stores
from pages.parts.view import through_app

through_app()
st.html("<style>.stMainBlockContainer{padding-top:3rem}</style>")
st.title("Data", anchor=False)
st.write("Bring instruction data and choose a model to read it: what it finds becomes a feature store, which all other "
         "pages show.")  # fmt: skip
top = st.container()
source = choose_source()
understood = show_preview(source, tokenizer_of(chosen_model())) if source else None
request = choose_request(source, understood.columns, understood.skip_bad) if understood else None
if request:
    show_start(request)
if found := making():
    with st.container() if carries_out(found, request) else top:
        show_making(found, is_one_chosen())
show_stores()
