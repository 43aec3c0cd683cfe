"""The test images: filtered, sorted, page by page."""

import math
from collections.abc import Callable
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
from digitlab.ui.evaluate.evaluated_model import EvaluatedModel, ShownSamples
from digitlab.ui.evaluate.job_panel import render_job
from digitlab.ui.evaluate.thumbnail_grid import render_thumbnail_grid
from digitlab.ui.evaluate.url_state import (
    bind_widget,
    read_index,
    read_query,
    update_query,
    update_url,
)
from digitlab.ui.selectors import render_toggle
from digitlab.ui.streamlit_internals import callback

# More pages than any test set has.
_MAX_PAGES = 1_000_000
_ANSWERS = {None: "any", False: "wrong", True: "correct"}


def render_gallery(evaluated: EvaluatedModel) -> ShownSamples:
    """Render the filters, one page of images, and the paging."""
    query = read_query()
    _render_filters(evaluated, query)
    found = find_samples(evaluated.report, query)
    page = paginate(found, read_index("page", _MAX_PAGES) or 0)
    _render_count(evaluated, page, query)
    if page.n:
        render_thumbnail_grid(
            evaluated,
            page.indices,
            key="evaluate_gallery_grid",
            label=f"Page {page.number + 1} of the {evaluated.noun}s",
        )
        _render_paging(page)
    else:
        st.info(f"No {evaluated.noun}s match. Clear a filter.")
    if evaluated.report.feature_analysis is None:
        with st.expander("Find probable label errors and the nearest training images"):
            render_job(evaluated.model, "feature_analysis", "Find them")
    return ShownSamples(evaluated, found)


def _render_filters(evaluated: EvaluatedModel, query: GalleryQuery) -> None:
    report, names = evaluated.report, evaluated.class_names
    classes: list[int | None] = [None, *range(len(names))]

    def format_class(k: int | None) -> str:
        return "any" if k is None else names[k]

    with st.container(horizontal=True, key="evaluate_filters"):
        _render_choice("true", "Actual", query, classes, format_class)
        _render_choice("predicted", "Predicted", query, classes, format_class)
        _render_choice("correct", "Prediction", query, list(_ANSWERS), _ANSWERS.__getitem__)
        _render_choice("order", "Sorted by", query, list(ORDERS), ORDERS.__getitem__)
    # Rounded outwards to whole percents: the URL may contain 99.9 %.
    low = math.floor(round(query.low * 100, 6))
    high = math.ceil(round(query.high * 100, 6))
    with st.container(horizontal=True, vertical_alignment="bottom", key="evaluate_filters_more"):
        st.slider(
            "Confidence",
            0,
            100,
            format="%d %%",
            **bind_widget(
                "evaluate_confidence",
                (low, high),
                lambda ends: _set_filters(low=ends[0] / 100, high=ends[1] / 100),
            ),
        )
        _render_flag(
            "rejected", "Rejected", query, int(report.is_rejected.sum()),
            "The network rejects these as no digit: the Draw page would give no answer.",
        )  # fmt: skip
        _render_flag(
            "label_error", "Probable label errors", query,
            int(get_probable_label_errors(report).sum()) if report.feature_analysis else None,
            "The network is confident that the label is wrong, and the nearest training images "
            "agree. They are underlined in dashed amber.",
        )  # fmt: skip


def _render_choice(
    field: str,
    label: str,
    query: GalleryQuery,
    options: list[Any],
    format_option: Callable[[Any], str],
) -> None:
    value = getattr(query, field)
    st.selectbox(
        label,
        options,
        format_func=format_option,
        # Streamlit shows this for the option None.
        placeholder=format_option(None) if options[0] is None else None,
        **bind_widget(
            f"evaluate_filter_{field}",
            # The URL may name a class that this data set does not have.
            value if value in options else options[0],
            lambda chosen: _set_filters(**{field: chosen}),
        ),
    )


def _render_flag(
    field: str, label: str, query: GalleryQuery, count: int | None, help_text: str
) -> None:
    """A switch with the number of images; `count` is None before they have been computed."""
    render_toggle(
        f"{label} ({'not computed yet' if count is None else f'{count:,}'})",
        help_text,
        disabled=not count and not getattr(query, field),
        **bind_widget(
            f"evaluate_filter_{field}",
            bool(getattr(query, field)),
            lambda chosen: _set_filters(**{field: True if chosen else None}),
        ),
    )


def _set_filters(**changes: Any) -> None:
    # Read in the callback: another filter may have changed since the page was rendered.
    update_query(replace(read_query(), **changes))


def _render_count(evaluated: EvaluatedModel, page: GalleryPage, query: GalleryQuery) -> None:
    noun = evaluated.noun if page.n == 1 else f"{evaluated.noun}s"
    pages = f", page {page.number + 1:,} of {page.n_pages:,}" if page.n_pages > 1 else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(
            f'<div class="evaluate-count" role="status" data-testid="gallery-count">'
            f"{page.n:,} {noun}{pages}</div>"
        )
        if query != GalleryQuery():
            st.button(
                f"All {evaluated.noun}s", key="evaluate_filters_off", type="tertiary",
                icon=":material/filter_alt_off:",
                on_click=callback(update_query), args=(GalleryQuery(),),
            )  # fmt: skip


def _render_paging(page: GalleryPage) -> None:
    if page.n_pages == 1:
        return
    last = page.n_pages - 1
    buttons = (
        ("first", "First", ":material/first_page:", 0),
        ("previous", "Previous", ":material/chevron_left:", page.number - 1),
        ("next", "Next", ":material/chevron_right:", page.number + 1),
        ("last", "Last", ":material/last_page:", last),
    )
    with st.container(horizontal=True, horizontal_alignment="center"):
        for name, label, icon, number in buttons:
            st.button(
                label,
                key=f"evaluate_page_{name}",
                icon=icon,
                disabled=not 0 <= number <= last or number == page.number,
                on_click=callback(update_url),
                kwargs={"page": str(number)},
            )
