"""Many test digits to click: one picture for all, a button for each."""

import math
from collections.abc import Callable

import numpy as np
import streamlit as st

from digitlab.figures.theme import CORRECT, VALIDATION, WRONG
from digitlab.png import build_data_uri, to_dark_on_light
from digitlab.ui.evaluate.evaluated_model import EvaluatedModel
from digitlab.ui.evaluate.job_panel import render_job
from digitlab.ui.streamlit_internals import callback

SPRITE_COLUMNS = 10

_CSS = f"""
.wall {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(3.4rem, 1fr));
  gap: 0.4rem; }}
button {{ padding: 0.2rem; cursor: pointer; background: transparent; font: inherit;
  color: var(--st-text-color); border: 1px solid var(--st-border-color);
  border-radius: var(--st-button-radius); display: grid; gap: 0.15rem; }}
button:hover, button:focus-visible {{ border-color: var(--st-primary-color); }}
button:focus-visible {{ outline: 2px solid var(--st-primary-color); outline-offset: 1px; }}
.picture {{ display: block; width: 100%; aspect-ratio: 1; image-rendering: pixelated;
  background-image: var(--sprite); border-radius: 0.2rem; }}
.unknown .picture {{ background: none; border: 1px dashed var(--st-border-color); }}
.caption {{ font-size: 0.75rem; line-height: 1.2; text-align: center; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; border-bottom: 2px solid transparent; }}
.right .caption {{ border-color: {CORRECT}; }}
.wrong .caption {{ border-color: {WRONG}; }}
.doubtful .caption {{ border-color: {VALIDATION}; border-bottom-style: dashed; }}
"""

# What has not changed stays, so that a keyboard's focus is not lost.
_JS = """
export default function ({ data, parentElement, setTriggerValue }) {
  let wall = parentElement.querySelector(".wall");
  if (!wall) {
    wall = document.createElement("div");
    wall.className = "wall";
    wall.setAttribute("role", "group");
    parentElement.appendChild(wall);
  }
  const version = JSON.stringify(data);
  if (wall.version === version) return;
  wall.version = version;
  wall.setAttribute("aria-label", data.label);
  wall.style.setProperty("--sprite", `url(${data.sprite})`);
  const place = (k, n) => (n > 1 ? (100 * k) / (n - 1) : 0);
  wall.replaceChildren(...data.tiles.map((tile, k) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = tile.look;
    button.dataset.index = tile.index;
    button.setAttribute("aria-label", tile.words);
    button.title = tile.words;
    const picture = document.createElement("span");
    picture.className = "picture";
    picture.style.backgroundSize = `${100 * data.columns}% ${100 * data.rows}%`;
    const column = place(k % data.columns, data.columns);
    const row = place(Math.floor(k / data.columns), data.rows);
    picture.style.backgroundPosition = `${column}% ${row}%`;
    const caption = document.createElement("span");
    caption.className = "caption";
    caption.textContent = tile.caption;
    button.append(picture, caption);
    button.onclick = () => setTriggerValue("picked", tile.index);
    return button;
  }));
}
"""


def build_sprite(images: np.ndarray) -> str:
    """Pictures side by side in rows of ten, as an address for the browser.

    Args:
        images: `(n, h, w)` or `(n, h, w, 3)` uint8, n > 0.
    """
    shown = np.stack([to_dark_on_light(image) for image in images])
    rows = math.ceil(len(shown) / SPRITE_COLUMNS)
    lacking = rows * SPRITE_COLUMNS - len(shown)
    shown = np.concatenate([shown, np.full((lacking, *shown.shape[1:]), 255, np.uint8)])
    grid = shown.reshape(rows, SPRITE_COLUMNS, *shown.shape[1:]).swapaxes(1, 2)
    height, width = rows * shown.shape[1], SPRITE_COLUMNS * shown.shape[2]
    return build_data_uri(grid.reshape(height, width, *shown.shape[3:]))


def encode_picture(image: np.ndarray) -> str:
    """One picture, `(h, w)` or `(h, w, 3)` uint8, as an address for an `img`."""
    return build_data_uri(to_dark_on_light(image))


def render_thumbnail_grid(
    tested: EvaluatedModel,
    indices: np.ndarray,
    *,
    key: str,
    on_pick: Callable[[int], None],
    label: str,
) -> None:
    """Show test digits; where there are no pictures, their answers as a table.

    Args:
        indices: `(k,)` places in the test set, k > 0.
        on_pick: called with the place of the digit that was clicked, before the page runs again.
        label: what these digits are, for those who cannot see them.
    """
    if tested.pictures is None:
        _render_table(tested, indices)
        _render_lack(tested)
        return
    # Registered at each run: Streamlit compares and keeps what is the same.
    wall = st.components.v2.component("digitlab_digit_wall", css=_CSS, js=_JS)

    def follow() -> None:
        picked = st.session_state[key].picked
        if picked is not None:
            on_pick(int(picked))

    data = {
        "label": label,
        "sprite": build_sprite(tested.pictures.images[indices]),
        "columns": SPRITE_COLUMNS,
        "rows": math.ceil(len(indices) / SPRITE_COLUMNS),
        "tiles": [_describe_tile(tested, int(index)) for index in indices],
    }
    with st.container(key=f"{key}_place"):
        wall(key=key, data=data, on_picked_change=callback(follow))
    if not tested.pictures.is_available[indices].all():
        _render_lack(tested)


def _describe_tile(tested: EvaluatedModel, index: int) -> dict[str, object]:
    report = tested.report
    true, said = (tested.class_names[k] for k in (report.labels[index], report.predictions[index]))
    is_correct = bool(report.is_correct[index])
    is_doubtful = report.feature_analysis is not None and bool(
        report.feature_analysis.is_probable_label_error[index]
    )
    words = tested.describe(index) + (", its label is doubtful" if is_doubtful else "")
    looks = ["right" if is_correct else "wrong"]
    looks += ["doubtful"] if is_doubtful else []
    looks += ["unknown"] if tested.get_image(index) is None else []
    return {
        "index": index,
        "caption": true if is_correct else f"{true} → {said}",
        "words": words,
        "look": " ".join(looks),
    }


def _render_table(tested: EvaluatedModel, indices: np.ndarray) -> None:
    report = tested.report
    st.dataframe(
        {
            "Place": indices,
            "True": [tested.class_names[k] for k in report.labels[indices]],
            "Read as": [tested.class_names[k] for k in report.predictions[indices]],
            "Confidence": [f"{share:.1%}" for share in report.confidences[indices]],
        },
        hide_index=True,
    )


def _render_lack(tested: EvaluatedModel) -> None:
    """What to do about pictures that are not here."""
    st.caption(
        "Only mistakes and close calls come with a model: the other pictures are not on this "
        "machine yet."
        if tested.pictures is not None
        else "The pictures are not on this machine."
    )
    render_job(tested.model, "test_images", "Fetch all pictures")
