"""Which study the Tune page shows; the URL `?study=…` shares one. Only from a callback."""

import streamlit as st

# The id of the shown study; "" for the form. Kept while the page is left.
STUDY_KEY = "tune_study"
FORM = ""


def show_study(study_id: str) -> None:
    """Show a study."""
    st.session_state[STUDY_KEY] = study_id
    st.query_params["study"] = study_id


def show_form() -> None:
    """Show the form of a new search."""
    st.session_state[STUDY_KEY] = FORM


def open_study_page(study_id: str) -> None:
    """Show a study from another page, whose address stays as it is."""
    st.session_state[STUDY_KEY] = study_id
    st.switch_page("pages/tune.py", query_params={"study": study_id})
