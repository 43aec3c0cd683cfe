"""The test digits, filtered, sorted, page by page."""

import math
from dataclasses import replace
from typing import Any

import streamlit as st

from digitlab.evaluation.gallery import (
    ORDERS,
    GalleryPage,
    GalleryQuery,
    find_samples,
    get_probable_label_errors,
    paginate,
)
from digitlab.ui.evaluate.evaluated_model import EvaluatedModel
from digitlab.ui.evaluate.job_panel import render_job
from digitlab.ui.evaluate.thumbnail_grid import render_thumbnail_grid
from digitlab.ui.evaluate.url_state import control, read_number, read_query, show_query, update_url
from digitlab.ui.streamlit_internals import callback

# Beyond any test set, at 60 a page.
_MAX_PAGES = 1_000_000
_ANSWERS = {None: "right and wrong", False: "wrong", True: "right"}
_FLAGS = {
    "rejected": ("Taken for no digit", "The Draw page would read nothing here."),
    "label_error": ("Doubtful labels", "The network is confident that these are something else "
                "than their label says, and the nearest training digits agree."),
}  # fmt: skip


def render_gallery(tested: EvaluatedModel) -> None:
    """Filters, one page of digits, and the way to the next."""
    query = read_query()
    _render_filters(tested, query)
    found = find_samples(tested.report, query)
    page = paginate(found, read_number("page", _MAX_PAGES) or 0)
    _render_count(page, query)
    if page.n:
        render_thumbnail_grid(
            tested, page.indices, key="evaluate_wall",
            label=f"Page {page.number + 1} of the digits",
            on_pick=lambda index: update_url(digit=str(index)),
        )  # fmt: skip
        _render_paging(page)
    else:
        st.info("No digit is like that. Take a filter away.")
    if tested.report.feature_analysis is None:
        with st.expander("Look for doubtful labels and the most alike training digits"):
            render_job(tested.model, "feature_analysis", "Look for them")


def _render_filters(tested: EvaluatedModel, query: GalleryQuery) -> None:
    names = tested.class_names
    classes: list[int | None] = [None, *range(len(names))]
    with st.container(horizontal=True, key="evaluate_filters"):
        _choose("true", "True", query, classes, lambda k: "any" if k is None else names[k])
        _choose("predicted", "Read as", query, classes, lambda k: "any" if k is None else names[k])
        _choose("correct", "Answer", query, list(_ANSWERS), _ANSWERS.__getitem__)
        _choose("order", "Sorted by", query, list(ORDERS), ORDERS.__getitem__)
    # Outwards to whole percents: an address may ask for 99.9 % and more.
    low = math.floor(round(query.low * 100, 6))
    high = math.ceil(round(query.high * 100, 6))
    with st.container(horizontal=True, vertical_alignment="bottom", key="evaluate_filters_more"):
        st.slider(
            "Confidence",
            0,
            100,
            format="%d %%",
            **control(
                "evaluate_confidence",
                (low, high),
                lambda ends: _filter(low=ends[0] / 100, high=ends[1] / 100),
            ),
        )
        for name, (label, help_text) in _FLAGS.items():
            _render_flag(tested, query, name, label, help_text)


def _choose(name: str, label: str, query: GalleryQuery, options: list[Any], tell: Any) -> None:
    value = getattr(query, name)
    st.selectbox(
        label,
        options,
        format_func=tell,
        # Streamlit shows this for the option None.
        placeholder=tell(None) if options[0] is None else None,
        **control(
            f"evaluate_filter_{name}",
            # An address may name a class that this data set does not have.
            value if value in options else options[0],
            lambda chosen: _filter(**{name: chosen}),
        ),
    )


def _render_flag(
    tested: EvaluatedModel, query: GalleryQuery, name: str, label: str, help_text: str
) -> None:
    report = tested.report
    is_found = report.is_rejected if name == "rejected" else get_probable_label_errors(report)
    count = int(is_found.sum())
    is_unknown = name == "label_error" and tested.report.feature_analysis is None
    st.toggle(
        f"{label} ({'not looked for yet' if is_unknown else f'{count:,}'})",
        disabled=not count and not getattr(query, name),
        help=help_text,
        **control(
            f"evaluate_filter_{name}",
            bool(getattr(query, name)),
            lambda chosen: _filter(**{name: True if chosen else None}),
        ),
    )


def _filter(**changes: Any) -> None:
    # Read now: the filter before may have been changed since the page was made.
    show_query(replace(read_query(), **changes))


def _render_count(page: GalleryPage, query: GalleryQuery) -> None:
    digits = "digit" if page.n == 1 else "digits"
    pages = f", page {page.number + 1:,} of {page.n_pages:,}" if page.n_pages > 1 else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(
            f'<div class="evaluate-count" role="status" data-testid="gallery-count">'
            f"{page.n:,} {digits}{pages}</div>"
        )
        if query != GalleryQuery():
            st.button(
                "All digits", key="evaluate_filters_off", type="tertiary",
                icon=":material/filter_alt_off:",
                on_click=callback(show_query), args=(GalleryQuery(),),
            )  # fmt: skip


def _render_paging(page: GalleryPage) -> None:
    if page.n_pages == 1:
        return
    last = page.n_pages - 1
    steps = (
        ("first", "First", ":material/first_page:", 0),
        ("before", "Back", ":material/chevron_left:", page.number - 1),
        ("next", "Next", ":material/chevron_right:", page.number + 1),
        ("last", "Last", ":material/last_page:", last),
    )
    with st.container(horizontal=True, horizontal_alignment="center"):
        for name, label, icon, number in steps:
            st.button(
                label,
                key=f"evaluate_page_{name}",
                icon=icon,
                disabled=not 0 <= number <= last or number == page.number,
                on_click=callback(update_url),
                kwargs={"page": str(number)},
            )
