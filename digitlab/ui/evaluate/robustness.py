"""Robustness: how accuracy falls under corruption, and one image at every strength."""

from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from digitlab.errors import ModelStoreError
from digitlab.evaluation.results_cache import load_robustness
from digitlab.evaluation.robustness import (
    CORRUPTIONS,
    Corruption,
    Robustness,
    corrupt_at_all_strengths,
)
from digitlab.figures.robustness import describe_robustness, robustness_figure
from digitlab.figures.theme import CORRECT, PLOTLY_CONFIG, WRONG
from digitlab.inference.reader import Answer
from digitlab.ui.evaluate.evaluated_model import EvaluatedModel
from digitlab.ui.evaluate.job_panel import render_job
from digitlab.ui.evaluate.overview import render_data_caption
from digitlab.ui.evaluate.thumbnail_grid import encode_thumbnail
from digitlab.ui.evaluate.url_state import (
    bind_widget,
    read_index,
    read_url_parameter,
    update_url,
)
from digitlab.ui.model_cache import get_reader
from digitlab.ui.selectors import render_segments
from digitlab.ui.text import render_error


def render_robustness(evaluated: EvaluatedModel) -> EvaluatedModel:
    """Render the choice of a corruption, its curve, and one image under it."""
    render_data_caption(evaluated)
    requested = read_url_parameter("corruption")
    chosen = render_segments(
        "Corruption",
        {corruption.id: corruption.label for corruption in CORRUPTIONS.values()},
        as_pills=True,
        **bind_widget(
            "evaluate_corruption",
            requested if requested in CORRUPTIONS else next(iter(CORRUPTIONS)),
            lambda corruption_id: update_url(corruption=corruption_id),
        ),
    )
    corruption = CORRUPTIONS[chosen]
    robustness = None
    try:
        robustness = load_robustness(evaluated.model)
    except ModelStoreError as error:
        # Measuring it again replaces the damaged file.
        render_error(error)
    if robustness is not None and chosen in robustness.curves:
        _render_curve(evaluated, robustness, corruption)
    elif not evaluated.is_grayscale:
        st.info("Robustness is measured on grayscale images. This network reads colour images.")
    else:
        st.info("The robustness of this network has not been measured yet.")
        render_job(evaluated.model, "robustness", "Measure it")
    _render_strengths(evaluated, corruption)
    return evaluated


def _render_curve(
    evaluated: EvaluatedModel, robustness: Robustness, corruption: Corruption
) -> None:
    points = robustness.curves[corruption.id]
    strengths = [point.strength for point in points]
    accuracies = [point.accuracy for point in points]
    figure = robustness_figure(
        strengths,
        accuracies,
        [(point.low, point.high) for point in points],
        [point.rejected for point in points],
        label=corruption.label,
        unit=corruption.unit,
        neutral=corruption.neutral,
    )
    st.plotly_chart(
        figure,
        key=f"evaluate_robustness_{corruption.id}",
        config=PLOTLY_CONFIG,
        alt=describe_robustness(strengths, accuracies, corruption.label, corruption.unit),
    )
    caption = (
        f"Measured on {robustness.n:,} test images; the band is the 95 % confidence interval. The "
        "image is corrupted as the network sees it."
    )
    if evaluated.is_digits:
        caption += (
            " The Draw page frames every digit, which undoes much of shift, scale and contrast."
        )
    st.caption(caption)


def _render_strengths(evaluated: EvaluatedModel, corruption: Corruption) -> None:
    """One image at every strength, with its prediction."""
    st.subheader(f"One {evaluated.noun} at every strength", anchor=False)
    if evaluated.images is None or not evaluated.is_grayscale:
        st.caption("Unavailable: there are no grayscale test images on this machine.")
        return
    n = len(evaluated.report.labels)
    requested = read_index("corruption_levels", n)
    first_available = int(evaluated.images.is_available.argmax())
    index = int(
        st.number_input(
            "Index in the test set",
            0,
            n - 1,
            step=1,
            width=220,
            **bind_widget(
                "evaluate_corruption_levels_index",
                first_available if requested is None else requested,
                lambda chosen: update_url(corruption_levels=str(int(chosen))),
            ),
        )
    )
    image = evaluated.get_image(index)
    if image is None:
        st.caption("This image is not on this machine. Mistakes and close calls are.")
        return
    corrupted = corrupt_at_all_strengths(image, corruption.id)
    answers = get_reader(evaluated.model).read_many(corrupted)
    label = int(evaluated.report.labels[index])
    steps = zip(corruption.strengths, corrupted, answers, strict=True)
    figures = "".join(_build_step(*step, label, evaluated.class_names) for step in steps)
    description = f"{evaluated.class_names[label]} at every strength"
    st.html(
        f'<div class="evaluate-levels" role="list" aria-label="{escape(description)}">'
        f"{figures}</div>"
    )
    st.caption(f"Strength in {corruption.unit}; below each image, its prediction and confidence.")


def _build_step(
    strength: float, image: np.ndarray, answer: Answer, label: int, class_names: Sequence[str]
) -> str:
    colour = CORRECT if answer.digit == label else WRONG
    predicted = class_names[answer.digit] if answer.is_digit else "no digit"
    return (
        f'<figure role="listitem"><div>{strength:g}</div>'
        f'<img src="{encode_thumbnail(image)}" alt="">'
        f'<figcaption><b style="border-color:{colour}">{escape(predicted)}</b> '
        f"{answer.confidence:.0%}</figcaption></figure>"
    )
