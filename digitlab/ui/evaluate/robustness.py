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
    list_corruptions,
)
from digitlab.figures.robustness import describe_robustness, robustness_figure
from digitlab.figures.theme import PLOTLY_CONFIG
from digitlab.inference.reader import Answer, format_percent
from digitlab.ui.evaluate.evaluated_model import EvaluatedModel, ShownSamples
from digitlab.ui.evaluate.job_panel import render_job
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


def render_robustness(evaluated: EvaluatedModel) -> ShownSamples:
    """Render the choice of a corruption, its curve, and one image under it."""
    requested = read_url_parameter("corruption")
    corruptions = list_corruptions(has_photos=not evaluated.is_grayscale)
    labels = {corruption.id: corruption.label for corruption in corruptions}
    chosen = render_segments(
        "Corruption",
        labels,
        as_pills=True,
        **bind_widget(
            "evaluate_corruption",
            requested if requested in labels else next(iter(labels)),
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
    else:
        st.info("The robustness of this network has not been measured yet.")
        render_job(evaluated.model, "robustness", "Measure it")
    _render_strengths(evaluated, corruption)
    return ShownSamples.of_errors(evaluated)


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
    st.caption(
        f"Measured on {robustness.n:,} test images, corrupted as the network sees them; the band "
        "is the 95 % confidence interval.",
        help="The Draw page frames every digit, which undoes much of shift, scale and contrast."
        if evaluated.is_digits
        else None,
    )


def _render_strengths(evaluated: EvaluatedModel, corruption: Corruption) -> None:
    """One image at every strength, with its prediction."""
    if evaluated.images is None:
        st.caption("Unavailable: there are no test images on this machine.")
        return
    index = _render_index(evaluated, int(evaluated.images.is_available.argmax()))
    image = evaluated.get_image(index)
    if image is None:
        st.caption(
            "This image is not on this machine. The images of errors and smallest margins are."
        )
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
    st.caption(
        f"Above each image its strength ({corruption.unit}); below it the prediction and its "
        "confidence: green is correct, red is wrong, dashed grey is rejected."
    )


def _render_index(evaluated: EvaluatedModel, default: int) -> int:
    """The choice of the image."""
    n = len(evaluated.report.labels)
    requested = read_index("corruption_levels", n)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**One {evaluated.noun} at every strength.** Index", width="content")
        index = st.number_input(
            f"Index of the {evaluated.noun} in the test set",
            0,
            n - 1,
            step=1,
            width=150,
            label_visibility="collapsed",
            **bind_widget(
                "evaluate_corruption_levels_index",
                default if requested is None else requested,
                lambda chosen: update_url(corruption_levels=str(int(chosen))),
            ),
        )
    return int(index)


def _build_step(
    strength: float, image: np.ndarray, answer: Answer, label: int, class_names: Sequence[str]
) -> str:
    # The confidence belongs to what is written beside it: a digit, or the rejection.
    if not answer.is_digit:
        outcome, prediction, confidence = "rejected", "Rejected", answer.no_digit
    else:
        outcome = "right" if answer.digit == label else "wrong"
        prediction, confidence = class_names[answer.digit], answer.confidence
    return (
        f'<figure role="listitem"><div>{strength:g}</div>'
        f'<img src="{encode_thumbnail(image)}" alt="">'
        f'<figcaption class="evaluate-level-{outcome}"><b>{escape(prediction)}</b> '
        f"{format_percent(confidence)}</figcaption></figure>"
    )
