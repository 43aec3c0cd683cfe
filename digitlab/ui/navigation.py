"""The navigation above every page: links to the pages, and the progress of a training run."""

import streamlit as st

from digitlab.errors import RunError
from digitlab.runs.control import find_active_run
from digitlab.runs.health import inspect_run
from digitlab.runs.run import Run
from digitlab.runs.status import RunStatus
from digitlab.ui.streamlit_internals import callback
from digitlab.ui.train.run_choice import show_run
from digitlab.ui.visitor import get_owner, is_kept_for_this_visit_only

_TRAIN_PAGE = "pages/train.py"
_APP_STARTED = "app_started"
_INTERVAL_S = 2.0
# The pages on which a visitor makes what could be looked at again later.
_MAKING = ("Train", "Tune", "Models")


def list_pages() -> list[st.Page]:
    """The app's pages, in the order of the navigation."""
    return [
        # The first page's URL is "/", whatever its path; a link to "/draw" must work too.
        st.Page("pages/draw.py", title="Draw", url_path="home", default=True),
        st.Page("pages/draw.py", title="Draw", visibility="hidden"),
        st.Page(_TRAIN_PAGE, title="Train"),
        st.Page("pages/tune.py", title="Tune"),
        st.Page("pages/evaluate.py", title="Evaluate"),
        st.Page("pages/models.py", title="Models"),
    ]


def choose_page() -> st.Page:
    """The page that the URL asks for; `main.py` calls this in each run."""
    st.session_state[_APP_STARTED] = True
    return st.navigation(list_pages(), position="hidden")


def redirect_to_app() -> None:
    """Start again with `main.py` if it was bypassed. Every page calls this first.

    A server that has not run `main.py` yet takes `pages/` for the whole app: a link to a page
    would run that page alone, without navigation and styles. Calling `st.navigation` corrects it.
    """
    if not st.session_state.get(_APP_STARTED):
        st.navigation(list_pages(), position="hidden")
        st.rerun()


def render_navigation(current: st.Page) -> None:
    """Render the links in one row, and the progress of the user's training run at its end."""
    with st.container(horizontal=True, vertical_alignment="center", key="navigation"):
        for page in list_pages():
            if page.visibility == "visible":
                # Streamlit marks the link to the current page; the Draw page has two URLs.
                st.page_link(current if page.title == current.title else page)
        _render_run_progress()
    if current.title in _MAKING and is_kept_for_this_visit_only():
        st.caption("Your browser sends no cookie: what you make here is kept for this visit only.")


def _render_run_progress() -> None:
    """Nothing if no run is active: only the next run of the whole page looks again."""
    run = find_active_run(owner=get_owner())
    if run is not None:
        st.fragment(_render_active_run, run_every=_INTERVAL_S)(run)


def _render_active_run(run: Run) -> None:
    try:
        status = inspect_run(run)
    except RunError:
        # Damaged: its own view shows the error.
        return
    if status.is_final:
        # Ends the fragment, or shows the next run of the queue.
        st.rerun()
    if st.button(
        f"Training **{_format_progress(status)}**",
        key="navigation_run",
        type="tertiary",
        icon=":material/model_training:",
        on_click=callback(show_run),
        args=(run,),
    ):
        st.switch_page(_TRAIN_PAGE, query_params={"run": run.id})


def _format_progress(status: RunStatus) -> str:
    return "queued" if status.state == "queued" else f"{status.progress:.0%}"
