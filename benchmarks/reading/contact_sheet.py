"""Draw a contact sheet of the errors: each input beside the network's input."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.reading.readings import Reading
from digitlab.errors import ConfigError, InkError

N_SHOWN = 40
_COLUMNS = 8
_TILE_PX = 84
_GAP_PX = 8
_CAPTION_PX = 20
_TITLE_PX = 34
_CELL_WIDTH_PX = 2 * _TILE_PX + 3 * _GAP_PX
_CELL_HEIGHT_PX = _TILE_PX + _CAPTION_PX + 2 * _GAP_PX
_BACKGROUND, _FRAME, _TEXT = 255, 200, 0


def save_contact_sheet(groups: Sequence[tuple[str, Sequence[Reading]]], path: Path) -> None:
    """Save a picture of the errors of every group, at most 40 each, distributed over the group.

    Args:
        groups: the name of each set and all its readings.
        path: the PNG file; an existing file is replaced.
    Raises:
        ConfigError: the file cannot be written.
    """
    strips = [_draw_strip(name, readings) for name, readings in groups]
    shown = [strip for strip in strips if strip is not None]
    sheet = Image.new("L", (_COLUMNS * _CELL_WIDTH_PX, max(1, sum(s.height for s in shown))), 255)
    top = 0
    for strip in shown:
        sheet.paste(strip, (0, top))
        top += strip.height
    try:
        sheet.save(path, format="PNG")
    except OSError as error:
        raise ConfigError(
            f"--errors {path}: the file cannot be written ({error.strerror or error})."
        ) from error


def _draw_strip(name: str, readings: Sequence[Reading]) -> Image.Image | None:
    """One set: its name and a cell for each error; None without errors."""
    errors = [reading for reading in readings if not reading.is_correct]
    if not errors:
        return None
    # Distributed over the set, because neighbours are often by the same writer.
    shown = [errors[k * len(errors) // N_SHOWN] for k in range(N_SHOWN)]
    shown = shown if len(errors) > N_SHOWN else errors
    n_rows = -(-len(shown) // _COLUMNS)
    size = (_COLUMNS * _CELL_WIDTH_PX, _TITLE_PX + n_rows * _CELL_HEIGHT_PX)
    strip = Image.new("L", size, _BACKGROUND)
    title = f"{name}: {len(errors):,} of {len(readings):,} wrong"
    if len(shown) < len(errors):
        title += f", {len(shown)} of them shown"
    ImageDraw.Draw(strip).text(
        (_GAP_PX, _TITLE_PX - 4), title, fill=_TEXT, font=ImageFont.load_default(18), anchor="ls"
    )
    for k, reading in enumerate(shown):
        row, column = divmod(k, _COLUMNS)
        position = (column * _CELL_WIDTH_PX, _TITLE_PX + row * _CELL_HEIGHT_PX)
        strip.paste(_draw_cell(reading), position)
    return strip


def _draw_cell(reading: Reading) -> Image.Image:
    """The input, the network's input, and the answer."""
    cell = Image.new("L", (_CELL_WIDTH_PX, _CELL_HEIGHT_PX), _BACKGROUND)
    pen = ImageDraw.Draw(cell)
    for k, array in enumerate((_view(reading), reading.image)):
        left = _GAP_PX + k * (_TILE_PX + _GAP_PX)
        if array is not None:
            cell.paste(_fit(array, smooth=k == 0), (left, _GAP_PX))
        corner = (left + _TILE_PX, _GAP_PX + _TILE_PX)
        pen.rectangle((left - 1, _GAP_PX - 1, *corner), outline=_FRAME)
    _write_caption(pen, reading)
    return cell


def _write_caption(pen: ImageDraw.ImageDraw, reading: Reading) -> None:
    """Write 4→9, or 4→– if rejected; Pillow's font has no arrow and dash, so they are drawn."""
    font = ImageFont.load_default(15)
    baseline = _CELL_HEIGHT_PX - 6
    middle = baseline - 5
    left = float(_GAP_PX)
    pen.text((left, baseline), reading.item.label, fill=_TEXT, font=font, anchor="ls")
    left += pen.textlength(reading.item.label, font) + 4
    pen.line((left, middle, left + 12, middle), fill=_TEXT)
    pen.line((left + 8, middle - 4, left + 12, middle, left + 8, middle + 4), fill=_TEXT)
    left += 17
    if reading.digit is None:
        pen.line((left, middle, left + 8, middle), fill=_TEXT)
    else:
        confidence = reading.answer.confidence if reading.answer else 0
        text = f"{reading.digit}   {confidence:.0%}"
        pen.text((left, baseline), text, fill=_TEXT, font=font, anchor="ls")


def _view(reading: Reading) -> np.ndarray | None:
    try:
        return reading.item.view()
    except InkError:
        return None


def _fit(array: np.ndarray, *, smooth: bool) -> Image.Image:
    """Scale a picture to a square tile, optionally with visible pixels."""
    resampling = Image.Resampling.BICUBIC if smooth else Image.Resampling.NEAREST
    picture = Image.fromarray(array)
    scale = _TILE_PX / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    tile = Image.new("L", (_TILE_PX, _TILE_PX), _BACKGROUND)
    tile.paste(
        picture.resize(size, resampling), ((_TILE_PX - size[0]) // 2, (_TILE_PX - size[1]) // 2)
    )
    return tile
