"""A grid of test images to click: one sprite for all, a button for each."""

import math
from collections.abc import Callable

import numpy as np
import streamlit as st

from digitlab.figures.theme import CORRECT, VALIDATION, WRONG
from digitlab.png import build_data_uri, to_dark_on_light
from digitlab.ui.evaluate.evaluated_model import EvaluatedModel
from digitlab.ui.evaluate.job_panel import render_job
from digitlab.ui.evaluate.url_state import update_url
from digitlab.ui.montage import build_montage
from digitlab.ui.streamlit_internals import callback

SPRITE_COLUMNS = 10

_CSS = f"""
.grid {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(3.4rem, 1fr));
  gap: 0.4rem; }}
.grid.row {{ grid-template-columns: repeat(auto-fill, 2.9rem); grid-template-rows: auto;
  grid-auto-rows: 0; overflow: hidden; row-gap: 0; padding: 2px; }}
.row .caption {{ font-size: 0; line-height: 0; }}
button {{ padding: 0.2rem; cursor: pointer; background: transparent; font: inherit;
  color: var(--st-text-color); border: 1px solid var(--st-border-color);
  border-radius: var(--st-button-radius); display: grid; gap: 0.15rem; }}
button:hover, button:focus-visible {{ border-color: var(--st-primary-color);
  box-shadow: 0 0 0 1px var(--st-primary-color); }}
button:focus-visible {{ outline: 2px solid var(--st-primary-color); outline-offset: 1px; }}
.picture {{ display: block; width: 100%; aspect-ratio: 1; image-rendering: pixelated;
  background-image: var(--sprite); border-radius: 0.2rem; }}
.missing .picture {{ background: none; border: 1px dashed var(--st-border-color); }}
.caption {{ font-size: 0.75rem; line-height: 1.2; text-align: center; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; border-bottom: 2px solid transparent; }}
.right .caption {{ border-color: {CORRECT}; }}
.wrong .caption {{ border-color: {WRONG}; }}
.label-error .caption {{ border-color: {VALIDATION}; border-bottom-style: dashed; }}
"""

# Unchanged content is not rebuilt, so that the keyboard focus is not lost.
_JS = """
export default function ({ data, parentElement, setTriggerValue }) {
  let grid = parentElement.querySelector("[role=group]");
  if (!grid) {
    grid = document.createElement("div");
    grid.setAttribute("role", "group");
    parentElement.appendChild(grid);
  }
  const version = JSON.stringify(data);
  if (grid.version === version) return;
  grid.version = version;
  grid.className = data.isRow ? "grid row" : "grid";
  grid.setAttribute("aria-label", data.label);
  grid.style.setProperty("--sprite", `url(${data.sprite})`);
  const position = (k, n) => (n > 1 ? (100 * k) / (n - 1) : 0);
  grid.replaceChildren(...data.tiles.map((tile, k) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = tile.classes;
    button.dataset.index = tile.index;
    button.setAttribute("aria-label", tile.description);
    button.title = tile.description;
    const picture = document.createElement("span");
    picture.className = "picture";
    picture.style.backgroundSize = `${100 * data.columns}% ${100 * data.rows}%`;
    const x = position(k % data.columns, data.columns);
    const y = position(Math.floor(k / data.columns), data.rows);
    picture.style.backgroundPosition = `${x}% ${y}%`;
    const caption = document.createElement("span");
    caption.className = "caption";
    caption.textContent = tile.caption;
    button.append(picture, caption);
    button.onclick = () => setTriggerValue("picked", tile.index);
    return button;
  }));
}
"""


def encode_thumbnail(image: np.ndarray) -> str:
    """Encode one image, `(h, w)` or `(h, w, 3)` uint8, as a data URI."""
    return build_data_uri(to_dark_on_light(image))


def _open_sample(index: int) -> None:
    """Open a test image on the Evaluate page. Only from a callback."""
    update_url(sample=str(index))


def render_thumbnail_grid(
    evaluated: EvaluatedModel,
    indices: np.ndarray,
    *,
    key: str,
    label: str,
    is_row: bool = False,
    on_pick: Callable[[int], None] = _open_sample,
) -> None:
    """Render test images; a click opens one. Without images, render predictions as a table.

    Args:
        indices: `(k,)` indices into the test set, k > 0.
        label: what these images are, for screen readers.
        is_row: render one row of small images without captions.
        on_pick: called with the index of the image that was clicked.
    """
    if evaluated.images is None:
        _render_table(evaluated, indices)
        _render_fetch_images(evaluated)
        return
    # Registered in each run: Streamlit compares, and keeps an unchanged component.
    grid = st.components.v2.component("digitlab_thumbnail_grid", css=_CSS, js=_JS)

    def handle_pick() -> None:
        picked = st.session_state[key].picked
        if picked is not None:
            on_pick(int(picked))

    images = np.stack([to_dark_on_light(image) for image in evaluated.images.images[indices]])
    data = {
        "label": label,
        "isRow": is_row,
        "sprite": build_data_uri(build_montage(images, SPRITE_COLUMNS)),
        "columns": SPRITE_COLUMNS,
        "rows": math.ceil(len(indices) / SPRITE_COLUMNS),
        "tiles": [_describe_tile(evaluated, int(index)) for index in indices],
    }
    if not is_row and not evaluated.images.is_available[indices].all():
        _render_fetch_images(evaluated)
    with st.container(key=f"{key}_container"):
        grid(key=key, data=data, on_picked_change=callback(handle_pick))


def _describe_tile(evaluated: EvaluatedModel, index: int) -> dict[str, object]:
    report = evaluated.report
    true = evaluated.class_names[report.labels[index]]
    predicted = evaluated.class_names[report.predictions[index]]
    is_correct = bool(report.is_correct[index])
    analysis = report.feature_analysis
    is_label_error = analysis is not None and bool(analysis.is_probable_label_error[index])
    classes = ["right" if is_correct else "wrong"]
    classes += ["label-error"] if is_label_error else []
    classes += ["missing"] if evaluated.get_image(index) is None else []
    description = evaluated.describe_prediction(index)
    return {
        "index": index,
        "caption": true if is_correct else f"{true} → {predicted}",
        "description": description + (", its label is probably wrong" if is_label_error else ""),
        "classes": " ".join(classes),
    }


def _render_table(evaluated: EvaluatedModel, indices: np.ndarray) -> None:
    report = evaluated.report
    st.dataframe(
        {
            "Index": indices,
            "Actual": [evaluated.class_names[k] for k in report.labels[indices]],
            "Predicted": [evaluated.class_names[k] for k in report.predictions[indices]],
            "Confidence": [f"{confidence:.1%}" for confidence in report.confidences[indices]],
        },
        hide_index=True,
    )


def _render_fetch_images(evaluated: EvaluatedModel) -> None:
    """Offer to fetch missing images."""
    st.caption(
        "A model comes with the images of its errors and smallest margins. The others are not on "
        "this machine yet."
        if evaluated.images is not None
        else "The images are not on this machine."
    )
    render_job(evaluated.model, "test_images", "Fetch all images")
