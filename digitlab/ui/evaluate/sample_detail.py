"""One test digit, large: what the network says, why, and what looks alike to it."""

from html import escape

import numpy as np
import streamlit as st

from digitlab.evaluation.feature_analysis import Neighbours
from digitlab.evaluation.gallery import find_samples
from digitlab.figures.probability import describe_probabilities, probability_figure
from digitlab.figures.saliency import occlusion_figure
from digitlab.inference.saliency import compute_occlusion
from digitlab.ui.draw.input_source import use_image
from digitlab.ui.evaluate.evaluated_model import EvaluatedModel, find_training_set
from digitlab.ui.evaluate.thumbnail_grid import encode_picture
from digitlab.ui.evaluate.url_state import read_number, read_query, read_view, update_url
from digitlab.ui.model_cache import get_reader
from digitlab.ui.streamlit_internals import callback

_GREY_DIMENSIONS = 2


def render_selected_sample(tested: EvaluatedModel) -> None:
    """Open the digit that the address names, if it names one, above the page."""
    index = read_number("digit", len(tested.report.labels))
    if index is None:
        return
    what = f"Your digit {index + 1:,}" if tested.names else f"Test picture {index:,}"
    what += f", read by {tested.model.label}"
    # Turning to nothing, so that it does not come up again.
    show = st.dialog(what, width="large", on_dismiss=callback(_close))
    show(_render_detail)(tested, index)


def _render_detail(tested: EvaluatedModel, index: int) -> None:
    report = tested.report
    _render_steps(tested, index)
    left, right = st.columns([1, 1.3], gap="medium")
    with left:
        _render_picture(tested, index)
    with right:
        probabilities = tuple(float(p) for p in report.probabilities[index])
        st.plotly_chart(
            probability_figure(probabilities, tested.class_names),
            key="evaluate_probabilities",
            config={"displayModeBar": False},
            alt=describe_probabilities(probabilities, tested.class_names),
        )
    image = tested.get_image(index)
    if image is not None and image.ndim == _GREY_DIMENSIONS:
        _render_why(tested, image, index)
    if not tested.names:
        _render_neighbours(tested, index)


def _close() -> None:
    update_url(digit=None)


def _render_steps(tested: EvaluatedModel, index: int) -> None:
    """To the digits before and after it in the gallery, as that is filtered and sorted."""
    if read_view() != "mistakes":
        return
    found = find_samples(tested.report, read_query())
    places = np.flatnonzero(found == index)
    if not len(places):
        return
    place = int(places[0])
    with st.container(horizontal=True, vertical_alignment="center"):
        for name, icon, step in (("Before", "chevron_left", -1), ("Next", "chevron_right", 1)):
            beside = place + step
            is_there = 0 <= beside < len(found)
            st.button(
                name,
                key=f"evaluate_digit_{name.lower()}",
                icon=f":material/{icon}:",
                disabled=not is_there,
                # The dialog shows another digit.
                on_click=callback(update_url, whole_page=True),
                kwargs={"digit": str(found[beside])} if is_there else None,
            )
        st.caption(f"{place + 1:,} of {len(found):,}")


def _render_picture(tested: EvaluatedModel, index: int) -> None:
    report = tested.report
    true, said = (tested.class_names[k] for k in (report.labels[index], report.predictions[index]))
    image = tested.get_image(index)
    if image is None:
        st.caption("This picture is not on this machine.")
    else:
        address = encode_picture(image)
        st.html(f'<img class="evaluate-large" src="{address}" alt="{escape(f"a {true}")}">')
    verdict = "right" if report.is_correct[index] else "wrong"
    st.html(
        f'<div class="evaluate-verdict evaluate-{verdict}" data-testid="detail-verdict">'
        f"{escape(tested.describe(index))}</div>"
    )
    facts = [f"Loss {report.losses[index]:.3f}, margin {report.margins[index]:.1%}."]
    if tested.names:
        # As it is: a file's name may look like markup.
        st.text(tested.names[index])
    else:
        facts.append(f"Place {index} in the test set, counted from 0.")
    if report.is_rejected[index]:
        facts.append("The network takes it for no digit, so the Draw page would read nothing.")
    if (
        report.feature_analysis is not None
        and report.feature_analysis.is_probable_label_error[index]
    ):
        facts.append(f"Its label, {true}, is doubtful: perhaps it is a {said}.")
    st.caption(" ".join(facts))
    if image is not None and tested.has_digits:
        _render_ways_on(tested, image, index)


def _render_ways_on(tested: EvaluatedModel, image: np.ndarray, index: int) -> None:
    """Elsewhere with this digit."""
    if not tested.names:
        st.button(
            "Turn, move and blur it",
            key="evaluate_to_ladder",
            icon=":material/blur_on:",
            on_click=callback(update_url, whole_page=True),
            kwargs={"view": "robustness", "ladder": str(index), "digit": None},
        )
    st.button(
        "Try it on the Draw page",
        key="evaluate_to_draw",
        icon=":material/draw:",
        on_click=callback(_draw),
        args=(tested, image),
    )


def _draw(tested: EvaluatedModel, image: np.ndarray) -> None:
    use_image(image, tested.model.id)
    update_url(digit=None)
    st.switch_page("pages/draw.py")


def _render_why(tested: EvaluatedModel, image: np.ndarray, index: int) -> None:
    """Which ink speaks for the answer, and, where it is wrong, which for the true class."""
    report = tested.report
    said, true = int(report.predictions[index]), int(report.labels[index])
    reader = get_reader(tested.model)
    classes = [said] if said == true else [said, true]
    for column, k in zip(st.columns(2), classes, strict=False):
        name = tested.class_names[k]
        with column:
            st.plotly_chart(
                occlusion_figure(compute_occlusion(reader, image, k), image, name),
                key=f"evaluate_occlusion_{k}",
                config={"displayModeBar": False},
                alt=f"Map of the picture: which places speak for {name}.",
            )
    st.caption(
        "Each place was covered in turn. Blue: the ink there speaks for it. Grey: against it."
    )


def _render_neighbours(tested: EvaluatedModel, index: int) -> None:
    feature_analysis = tested.report.feature_analysis
    if feature_analysis is None:
        st.caption(
            "The most alike training digits are not known yet. Below the gallery you can have "
            "them looked for, in one go for the whole test set."
        )
        return
    label = int(tested.report.labels[index])
    found = feature_analysis.get_neighbours(index, label)
    if any(one.images is None for one in found):
        dataset = find_training_set(tested.model)
        if dataset is not None:
            found = feature_analysis.get_neighbours(index, label, dataset.images_train)
    st.markdown("**The most alike training digits, to the network**")
    for one in found:
        _render_row(one, tested.class_names[one.label])


def _render_row(neighbours: Neighbours, name: str) -> None:
    places = ", ".join(map(str, neighbours.indices))
    if neighbours.images is None:
        st.caption(
            f"Labelled {name}: training places {places}. The training digits are not on this "
            "machine, so they cannot be shown."
        )
        return
    pictures = "".join(
        f'<img src="{encode_picture(image)}" alt="{escape(f"a {name}")}" title="place {place}">'
        for image, place in zip(neighbours.images, neighbours.indices, strict=True)
    )
    st.html(f'<div class="evaluate-row"><span>Labelled {escape(name)}</span>{pictures}</div>')
