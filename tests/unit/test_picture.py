import io
import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from digitlab.errors import EmptyInkError, PictureError
from digitlab.ink import decode_picture, parse_drawing, prepare_drawing, prepare_picture
from digitlab.ink.pipeline import PreparedInk
from digitlab.ink.samples import build_sample_drawing
from tests.conftest import PROJECT_DIR


def draw_five(side=200, dark_ink=True):
    """A 5 as a person would save it from a paint program: `(side, side)` uint8."""
    prepared = prepare_drawing(parse_drawing(build_sample_drawing(5)))
    large = cv2.resize(prepared.image, (side, side), interpolation=cv2.INTER_CUBIC)
    return 255 - large if dark_ink else large


def encode(picture, kind="PNG", **options):
    buffer = io.BytesIO()
    (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(
        buffer, kind, **options
    )
    return buffer.getvalue()


def prepare(content):
    prepared: PreparedInk = prepare_picture(decode_picture(content))
    return prepared.image


EXPECTED = prepare_picture(draw_five()).image


def assert_same_digit(image, tolerance=6):
    assert np.abs(image.astype(int) - EXPECTED.astype(int)).mean() < tolerance


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "WEBP"])
@pytest.mark.parametrize("dark_ink", [True, False])
def test_every_kind_in_either_polarity(kind, dark_ink):
    assert_same_digit(prepare(encode(draw_five(dark_ink=dark_ink), kind)))


@pytest.mark.parametrize("side", [28, 60, 1500])
def test_any_size(side):
    assert_same_digit(prepare(encode(draw_five(side))), tolerance=12)


def test_cmyk_jpeg():
    assert_same_digit(prepare(encode(Image.fromarray(draw_five()).convert("CMYK"), "JPEG")))


def test_16_bit_png():
    deep = draw_five().astype(np.uint16) * 257
    assert_same_digit(prepare(encode(Image.fromarray(deep))))


@pytest.mark.parametrize("ink", [(0, 0, 0), (255, 255, 255), (20, 40, 160)])
def test_transparent_paper(ink):
    five = draw_five(dark_ink=False)
    pixels = np.dstack([*(np.full_like(five, level) for level in ink), five])
    assert_same_digit(prepare(encode(pixels)))


def test_palette_with_transparency():
    five = Image.fromarray(draw_five()).convert("P")
    assert_same_digit(prepare(encode(five, "PNG", transparency=255)))


def test_animated_gif_is_read_by_its_first_frame():
    frames = [Image.fromarray(draw_five()), Image.new("L", (200, 200), 0)]
    assert_same_digit(prepare(encode(frames[0], "GIF", save_all=True, append_images=frames[1:])))


def test_the_camera_orientation_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6  # shown right only after a quarter turn clockwise
    lying = Image.fromarray(draw_five()).rotate(90)
    assert_same_digit(prepare(encode(lying, "JPEG", exif=exif)))


@pytest.mark.parametrize("level", [0, 128, 255])
def test_one_colour_is_empty(level):
    with pytest.raises(EmptyInkError, match="one colour"):
        prepare(encode(np.full((90, 70), level, np.uint8)))


def test_a_speck_beside_the_digit_is_ignored():
    five = draw_five()
    five[5:8, 190:193] = 0
    assert_same_digit(prepare(encode(five)))


@pytest.mark.parametrize("content", [b"", b"no picture at all", b"%PDF-1.4", b"\x00" * 100])
def test_what_is_no_picture_is_refused(content):
    with pytest.raises(PictureError, match="no picture"):
        decode_picture(content)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_truncated_picture_is_refused(kind):
    content = encode(draw_five(400), kind)
    with pytest.raises(PictureError, match="damaged"):
        decode_picture(content[: len(content) // 2])


def test_a_huge_picture_is_refused_without_being_unpacked():
    huge = encode(Image.new("1", (20_000, 20_000)), "PNG")
    with pytest.raises(PictureError, match="50 megapixels"):
        decode_picture(huge)


def test_a_large_photo_is_made_smaller():
    assert max(decode_picture(encode(draw_five(3000), "JPEG")).shape) == 512


def test_steps_end_with_the_digit_the_network_gets():
    prepared = prepare_picture(draw_five())
    assert np.array_equal(prepared.steps[-1].render(), prepared.image)
    assert all(step.render().any() for step in prepared.steps)


def test_only_the_named_kinds_are_decoded():
    with pytest.raises(PictureError, match="no picture"):
        decode_picture(encode(draw_five(), "TIFF"))


def test_a_large_transparent_picture_is_read_in_little_memory():
    """A server of 1 GB has to survive it: the peak is measured in a process of its own."""
    program = (
        "import io, resource; from PIL import Image; from digitlab.ink import decode_picture; "
        "buffer = io.BytesIO(); Image.new('RGBA', (5000, 5000)).save(buffer, 'PNG'); "
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000; "
        "before = peak(); decode_picture(buffer.getvalue()); print(peak() - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT_DIR, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert float(done.stdout) < 300
