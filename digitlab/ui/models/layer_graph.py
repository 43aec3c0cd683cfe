"""A network's layers as a graph: from the image at the top to the probabilities at the bottom."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape

import numpy as np

from digitlab.inference.layer_outputs import LayerObserver
from digitlab.nets.layers import Layer, NetOptions, Residual
from digitlab.nets.registry import get_net_spec
from digitlab.nets.summary import LayerRow, compute_layer_table
from digitlab.quantities import format_shape

# Layers that keep the shape are part of the box of the layer before; with their name, if the
# details do not have it.
_MERGED = {"BatchNormalization": "BatchNormalization", "Activation": "", "Dropout": ""}

CSS = """
<style>
.layer-graph, .layer-graph ol { list-style: none; margin: 0 !important; padding: 0 !important; }
.layer-graph { max-width: 46rem; font-size: 0.85rem; }
.layer-graph ol, .layer-graph div { font-size: inherit; }
.layer-graph li { margin: 0 !important; padding: 0 !important; font-size: inherit; }
.layer-graph .layer { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 0.75rem;
  padding: 0.2rem 0.6rem !important; border: 1px solid rgba(128, 132, 140, 0.35);
  border-left: 3px solid rgba(128, 132, 140, 0.6); border-radius: 0.25rem; }
.layer-graph .has-weights { border-left-color: var(--accent); }
.layer-graph .layer span { color: var(--muted); }
.layer-graph .layer :nth-child(2) { text-align: right; font-variant-numeric: tabular-nums; }
/* The line from one layer to the next. */
.layer-graph li + li::before { content: ""; display: block; width: 1px; height: 0.6rem;
  margin-left: 50%; background: rgba(128, 132, 140, 0.7); }
.layer-graph .paths { display: grid; grid-template-columns: minmax(0, 1.6fr) minmax(0, 1fr);
  gap: 0 0.75rem; border-left: 1px solid rgba(128, 132, 140, 0.7);
  border-right: 1px solid rgba(128, 132, 140, 0.7); padding: 0.4rem 0.5rem; }
.layer-graph .identity { align-self: center; text-align: center; color: var(--muted); }
@media (max-width: 640px) {
  .layer-graph .layer { grid-template-columns: minmax(0, 1fr); }
  .layer-graph .layer :nth-child(2) { text-align: left; }
}
</style>
"""


def build_layer_graph(
    net_id: str, image_shape: tuple[int, ...], n_classes: int, options: NetOptions
) -> str:
    """Build the graph as HTML. Of a residual block, both paths are side by side.

    Raises:
        ConfigError: no network has this id.
    """
    rows = iter(compute_layer_table(net_id, image_shape, n_classes, options).rows)
    plan = get_net_spec(net_id).plan(options, n_classes)
    return _build_list(image_shape, _build_path(plan, rows))


def build_observed_layers(image_shape: tuple[int, ...], content: bytes) -> str:
    """Build the layers of a `.tflite` file as HTML, one after the other: paths are not known."""
    outputs = LayerObserver(content).compute(np.zeros(image_shape, np.uint8))
    rows = (_build_layer(LayerRow(one.name, "", one.values.shape)) for one in outputs)
    return _build_list(image_shape, "".join(f"<li>{row}</li>" for row in rows))


def _build_list(image_shape: tuple[int, ...], layers: str) -> str:
    image = _build_layer(LayerRow("Input", "uint8, 0 to 255", image_shape))
    return f'{CSS}<ol class="layer-graph" aria-label="Layers"><li>{image}</li>{layers}</ol>'


def _build_path(plan: Sequence[Layer], rows: Iterator[LayerRow]) -> str:
    """The layers of a path; the table has the rows of a block's branch before its shortcut's."""
    items: list[str | LayerRow] = []
    for layer in plan:
        if isinstance(layer, Residual):
            branch = f"<ol>{_build_path(layer.branch, rows)}</ol>"
            shortcut = (
                f"<ol>{_build_path(layer.shortcut, rows)}</ol>"
                if layer.shortcut
                else '<div class="identity">shortcut: unchanged</div>'
            )
            items.append(f'<div class="paths">{branch}{shortcut}</div>')
        row = next(rows)
        before = items[-1] if items else None
        if row.layer in _MERGED and isinstance(before, LayerRow):
            items[-1] = _merge(before, row)
        else:
            items.append(row)
    return "".join(
        f"<li>{item if isinstance(item, str) else _build_layer(item)}</li>" for item in items
    )


def _merge(first: LayerRow, second: LayerRow) -> LayerRow:
    text = ", ".join(filter(None, (first.detail, _MERGED[second.layer] or second.detail)))
    return replace(first, detail=text, n_parameters=first.n_parameters + second.n_parameters)


def _build_layer(row: LayerRow) -> str:
    css_class = "layer has-weights" if row.n_parameters else "layer"
    parameters = f" · {row.n_parameters:,} parameters" if row.n_parameters else ""
    return (
        f'<div class="{css_class}"><div><strong>{escape(row.layer)}</strong> '
        f"<span>{escape(row.detail)}</span></div>"
        f"<div>{format_shape(row.output_shape)}<span>{parameters}</span></div></div>"
    )
