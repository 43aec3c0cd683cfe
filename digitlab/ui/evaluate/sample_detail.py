"""One test image in a dialog: the prediction, the reasons, and its nearest training images."""

from html import escape

import numpy as np
import streamlit as st

from digitlab.evaluation.feature_analysis import Neighbours
from digitlab.figures.probability import describe_probabilities, probability_figure
from digitlab.figures.saliency import occlusion_figure
from digitlab.figures.theme import PLOTLY_CONFIG
from digitlab.inference.saliency import compute_occlusion
from digitlab.ui.draw.input_source import send_to_draw_page
from digitlab.ui.evaluate.evaluated_model import (
    EvaluatedModel,
    ShownSamples,
    find_training_set,
)
from digitlab.ui.evaluate.thumbnail_grid import encode_thumbnail
from digitlab.ui.evaluate.url_state import read_index, update_url
from digitlab.ui.layer_pictures import render_layers
from digitlab.ui.model_cache import get_reader
from digitlab.ui.streamlit_internals import callback
from digitlab.ui.text import escape_label, escape_markdown

# With the other parts of the dialog on a screen of 1280x800.
_MAP_HEIGHT_PX = 210


def render_selected_sample(shown: ShownSamples) -> None:
    """Open a dialog with the test image that the URL names, if it names one."""
    evaluated = shown.evaluated
    index = read_index("sample", len(evaluated.report.labels))
    if index is None:
        return
    subject = f"Your {evaluated.noun} {index + 1:,}" if evaluated.names else f"Index {index:,}"
    title = f"{subject} · {escape_label(evaluated.model.label)}"
    # Removed from the URL on dismissal, so that the dialog does not open again.
    open_dialog = st.dialog(title, width="large", on_dismiss=callback(_close))
    open_dialog(_render_detail)(shown, index)


def _close() -> None:
    update_url(sample=None)


def _render_detail(shown: ShownSamples, index: int) -> None:
    _render_steps(shown, index)
    # Keeps its height while the next image's charts are drawn.
    with st.container(key="evaluate_detail"):
        _render_parts(shown.evaluated, index)


def _render_parts(evaluated: EvaluatedModel, index: int) -> None:
    image = evaluated.get_image(index)
    has_maps = image is not None
    prediction, probabilities, *maps = st.columns([1, 1.3, 1.6] if has_maps else 2, gap="medium")
    with prediction:
        _render_prediction(evaluated, index)
    with probabilities:
        values = tuple(float(p) for p in evaluated.report.probabilities[index])
        st.plotly_chart(
            probability_figure(values, evaluated.class_names),
            key="evaluate_probabilities",
            config=PLOTLY_CONFIG,
            alt=describe_probabilities(values, evaluated.class_names),
        )
    if image is not None and maps:
        with maps[0]:
            _render_occlusion_maps(evaluated, image, index)
    if not evaluated.names:
        _render_neighbours(evaluated, index)
    if image is not None:
        render_layers(evaluated.model, image, key="evaluate_layers")


def _render_steps(shown: ShownSamples, index: int) -> None:
    """Buttons and arrow keys to the previous and the next image of the view."""
    found = shown.indices
    if index not in found:
        # Chosen from a chart, or named in the address: the order of the test set.
        found = np.arange(len(shown.evaluated.report.labels))
    position = int(np.flatnonzero(found == index)[0])
    with st.container(horizontal=True, vertical_alignment="center"):
        for label, key, shortcut, step in (
            ("Previous", "evaluate_sample_previous", "Left", -1),
            ("Next", "evaluate_sample_next", "Right", 1),
        ):
            target = position + step
            exists = 0 <= target < len(found)
            st.button(
                label,
                key=key,
                shortcut=shortcut,
                disabled=not exists,
                # The dialog belongs to the page, which opens it with another sample.
                on_click=callback(update_url, whole_page=True),
                kwargs={"sample": str(found[target])} if exists else None,
            )
        st.caption(f"{position + 1:,} of {len(found):,}", width="stretch")
        _render_links(shown.evaluated, index)


def _render_prediction(evaluated: EvaluatedModel, index: int) -> None:
    report = evaluated.report
    true = evaluated.class_names[report.labels[index]]
    image = evaluated.get_image(index)
    if image is None:
        st.caption("This image is not on this machine.")
    else:
        src = encode_thumbnail(image)
        st.html(f'<img class="evaluate-large" src="{src}" alt="{escape(true)}">')
    verdict = "right" if report.is_correct[index] else "wrong"
    st.html(
        f'<div class="evaluate-verdict evaluate-{verdict}" data-testid="detail-verdict">'
        f"{escape(evaluated.describe_prediction(index))}</div>"
    )
    facts = [f"Loss {report.losses[index]:.3f}, margin {report.margins[index]:.1%}."]
    if evaluated.names:
        # `st.text` renders no Markdown: this is the name of a user's file.
        st.text(evaluated.names[index])
    if report.is_rejected[index]:
        facts.append("Rejected as no digit: the Draw page would not give an answer.")
    analysis = report.feature_analysis
    if analysis is not None and analysis.is_probable_label_error[index]:
        alternative = evaluated.class_names[analysis.alternative_classes[index]]
        facts.append(f"Its label, {true}, is probably wrong: it may be {alternative}.")
    st.caption(escape_markdown(" ".join(facts)))


def _render_links(evaluated: EvaluatedModel, index: int) -> None:
    """Buttons that open this digit elsewhere."""
    image = evaluated.get_image(index)
    if image is None or not evaluated.is_digits:
        return
    if not evaluated.names:
        st.button(
            "Test its robustness",
            key="evaluate_to_corruption_levels",
            icon=":material/blur_on:",
            on_click=callback(update_url, whole_page=True),
            kwargs={"view": "robustness", "corruption_levels": str(index), "sample": None},
        )
    st.button(
        "Try it on the Draw page",
        key="evaluate_to_draw",
        icon=":material/draw:",
        on_click=callback(_open_draw_page),
        args=(evaluated, image),
    )


def _open_draw_page(evaluated: EvaluatedModel, image: np.ndarray) -> None:
    send_to_draw_page(image, evaluated.model.id)
    update_url(sample=None)
    st.switch_page("pages/draw.py")


def _render_occlusion_maps(evaluated: EvaluatedModel, image: np.ndarray, index: int) -> None:
    """Which parts support the prediction and, if that is wrong, the true class."""
    report = evaluated.report
    predicted, true = int(report.predictions[index]), int(report.labels[index])
    classes = list(dict.fromkeys((predicted, true)))
    with st.spinner("Covering each part …"):
        maps = compute_occlusion(get_reader(evaluated.model), image, classes)
    for column, k, weights in zip(st.columns(2, gap="small"), classes, maps, strict=False):
        name = evaluated.class_names[k]
        with column:
            st.plotly_chart(
                occlusion_figure(weights, image, name, height_px=_MAP_HEIGHT_PX),
                key=f"evaluate_occlusion_{k}",
                config=PLOTLY_CONFIG,
                alt=f"Occlusion map: which parts of the image support {name}.",
            )
    part, against = ("ink", "Grey") if evaluated.is_grayscale else ("part", "Amber")
    st.caption(
        f"Each patch was covered in turn. Blue: the {part} there supports the class. {against}: it "
        "counts against it."
    )


def _render_neighbours(evaluated: EvaluatedModel, index: int) -> None:
    analysis = evaluated.report.feature_analysis
    if analysis is None:
        st.caption(
            "The nearest training images have not been computed yet: see below the view Images."
        )
        return
    label = int(evaluated.report.labels[index])
    neighbours = analysis.get_neighbours(index, label)
    if any(neighbour.images is None for neighbour in neighbours):
        dataset = find_training_set(evaluated.model)
        if dataset is not None:
            neighbours = analysis.get_neighbours(index, label, dataset.images_train)
    st.markdown("**Nearest training images in the network's feature space**")
    for column, neighbour in zip(st.columns(2, gap="medium"), neighbours, strict=True):
        with column:
            _render_neighbour_row(neighbour, evaluated.class_names[neighbour.label])


def _render_neighbour_row(neighbours: Neighbours, name: str) -> None:
    if neighbours.images is None:
        indices = ", ".join(map(str, neighbours.indices))
        st.caption(
            f"Labelled {escape_markdown(name)}: training indices {indices}. The training images "
            "are not on this machine."
        )
        return
    pictures = "".join(
        f'<img src="{encode_thumbnail(image)}" alt="{escape(name)}" title="Index {index}">'
        for image, index in zip(neighbours.images, neighbours.indices, strict=True)
    )
    st.html(f'<div class="evaluate-row"><span>Labelled {escape(name)}</span>{pictures}</div>')
