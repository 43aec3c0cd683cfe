"""How accuracy falls as digits are turned, moved, blurred; one digit at every strength."""

from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from digitlab.datasets.registry import get_dataset_spec
from digitlab.errors import ModelStoreError
from digitlab.evaluation.results_cache import load_robustness
from digitlab.evaluation.robustness import (
    CORRUPTIONS,
    Corruption,
    Robustness,
    corrupt_at_all_strengths,
)
from digitlab.figures.robustness import describe_robustness, robustness_figure
from digitlab.figures.theme import CORRECT, WRONG
from digitlab.inference.reader import Answer
from digitlab.ui.evaluate.evaluated_model import EvaluatedModel
from digitlab.ui.evaluate.job_panel import render_job
from digitlab.ui.evaluate.thumbnail_grid import encode_picture
from digitlab.ui.evaluate.url_state import control, read_number, read_url_parameter, update_url
from digitlab.ui.model_cache import get_reader
from digitlab.ui.selectors import render_segments

_GREY_DIMENSIONS = 3


def render_robustness(tested: EvaluatedModel) -> None:
    """Choose a change; its curve; one digit under it."""
    asked = read_url_parameter("corruption")
    chosen = render_segments(
        "What is done to the digits",
        {key: corruption.label for key, corruption in CORRUPTIONS.items()},
        as_pills=True,
        **control(
            "evaluate_corruption",
            asked if asked in CORRUPTIONS else next(iter(CORRUPTIONS)),
            lambda key: update_url(corruption=key),
        ),
    )
    corruption = CORRUPTIONS[chosen]
    robustness = None
    try:
        robustness = load_robustness(tested.model)
    except ModelStoreError as error:
        # Measured again, it is found before the damaged file.
        st.error(str(error))
    if robustness is not None and chosen in robustness.curves:
        _render_curve(robustness, corruption)
    elif len(get_dataset_spec(tested.model.card["data"]["dataset"]).image_shape) != 2:
        st.info("Robustness is measured on grey pictures, and this network reads colours.")
    else:
        st.info("Nobody has measured yet how robust this network is.")
        render_job(tested.model, "robustness", "Measure it")
    _render_ladder(tested, corruption)


def _render_curve(robustness: Robustness, corruption: Corruption) -> None:
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
        config={"displayModeBar": False},
        alt=describe_robustness(strengths, accuracies, corruption.label, corruption.unit),
    )
    st.caption(
        f"Measured on {robustness.n:,} test digits; the band is the 95 % interval. The change is "
        "made to the picture that the network sees. The Draw page frames every digit afresh and "
        "so undoes much of shift, size and contrast."
    )


def _render_ladder(tested: EvaluatedModel, corruption: Corruption) -> None:
    """One digit of the person's choice at every strength, and what it is read as."""
    st.subheader("One digit, step by step", anchor=False)
    known = tested.available_images
    if known is None or known.ndim != _GREY_DIMENSIONS:
        st.caption("This needs the pictures of grey digits, which are not here.")
        return
    n = len(tested.report.labels)
    asked = read_number("ladder", n)
    index = int(
        st.number_input(
            "Place in the test set",
            0,
            n - 1,
            step=1,
            width=220,
            **control(
                "evaluate_ladder_digit",
                _find_first(tested) if asked is None else asked,
                lambda place: update_url(ladder=str(int(place))),
            ),
        )
    )
    image = tested.get_image(index)
    if image is None:
        st.caption("This picture is not on this machine; mistakes and close calls are.")
        return
    ladder = corrupt_at_all_strengths(image, corruption.id)
    answers = get_reader(tested.model).read_many(ladder)
    label = int(tested.report.labels[index])
    steps = zip(corruption.strengths, ladder, answers, strict=True)
    figures = "".join(_build_step(*step, label, tested.class_names) for step in steps)
    words = f"A {tested.class_names[label]} at every strength"
    st.html(
        f'<div class="evaluate-ladder" role="list" aria-label="{escape(words)}">{figures}</div>'
    )
    st.caption(f"Strength in {corruption.unit}; below each, what it is read as and how sure.")


def _find_first(tested: EvaluatedModel) -> int:
    """The first digit whose picture is here."""
    return int(tested.pictures.is_available.argmax()) if tested.pictures else 0


def _build_step(
    strength: float, image: np.ndarray, answer: Answer, label: int, class_names: Sequence[str]
) -> str:
    colour = CORRECT if answer.digit == label else WRONG
    said = class_names[answer.digit] if answer.is_digit else "no digit"
    return (
        f'<figure role="listitem"><div>{strength:g}</div>'
        f'<img src="{encode_picture(image)}" alt="">'
        f'<figcaption><b style="border-color:{colour}">{escape(said)}</b> {answer.confidence:.0%}'
        "</figcaption></figure>"
    )
