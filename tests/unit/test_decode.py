import io
import struct
import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from digitlab.errors import EmptyInkError, PictureError
from digitlab.ink import decode_picture, parse_drawing, prepare_drawing, prepare_picture
from digitlab.ink.decode import measure_picture
from digitlab.ink.pipeline import PreparedInk
from digitlab.ink.samples import build_sample_drawing
from tests.conftest import PROJECT_DIR


def draw_five(side=200, dark_ink=True):
    """A 5 as saved from a paint program: `(side, side)` uint8."""
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


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "WEBP", "HEIF"])
@pytest.mark.parametrize("dark_ink", [True, False])
def test_every_format_in_either_polarity(kind, dark_ink):
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


def test_the_first_frame_of_an_animated_gif_is_decoded():
    frames = [Image.fromarray(draw_five()), Image.new("L", (200, 200), 0)]
    assert_same_digit(prepare(encode(frames[0], "GIF", save_all=True, append_images=frames[1:])))


@pytest.mark.parametrize("kind", ["JPEG", "HEIF"])
def test_camera_orientation_is_applied(kind):
    exif = Image.Exif()
    exif[0x0112] = 6  # shown right only after a quarter turn clockwise
    lying = Image.fromarray(draw_five()).rotate(90).crop((0, 20, 200, 180))
    content = encode(lying, kind, exif=exif.tobytes())
    assert_same_digit(prepare(content), tolerance=12)
    assert measure_picture(content) == (160, 200)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_picture_of_one_colour_is_empty(level):
    with pytest.raises(EmptyInkError, match="one colour"):
        prepare(encode(np.full((90, 70), level, np.uint8)))


def test_coloured_noise_is_not_called_one_colour():
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3)).astype(np.uint8)
    with pytest.raises(EmptyInkError, match="No ink stands out"):
        prepare(encode(noise))


def test_a_speck_beside_the_digit_is_ignored():
    five = draw_five()
    five[5:8, 190:193] = 0
    assert_same_digit(prepare(encode(five)))


@pytest.mark.parametrize("content", [b"", b"no picture at all", b"%PDF-1.4", b"\x00" * 100])
def test_other_files_are_rejected(content):
    with pytest.raises(PictureError, match="not a picture"):
        decode_picture(content)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_truncated_picture_is_rejected(kind):
    content = encode(draw_five(400), kind)
    with pytest.raises(PictureError, match="damaged"):
        decode_picture(content[: len(content) // 2])


def test_a_huge_picture_is_rejected_before_it_is_decoded():
    with pytest.raises(PictureError, match=r"too large.* 12 for other files"):
        decode_picture(encode(Image.new("1", (20_000, 20_000)), "PNG"))
    with pytest.raises(PictureError, match="50 megapixels for JPEG"):
        decode_picture(encode(Image.new("L", (8_000, 7_000)), "JPEG"))


@pytest.mark.parametrize("mode", ["L", "RGBA"])
@pytest.mark.parametrize(("width", "height"), [(2_000, 1), (1, 2_000), (12_000_000, 1)])
def test_a_very_narrow_picture_is_rejected(mode, width, height):
    with pytest.raises(PictureError, match="too narrow"):
        decode_picture(encode(Image.new(mode, (width, height))))


def test_a_very_long_line_is_rejected_as_too_large():
    with pytest.raises(PictureError, match="too large: 50,000,000 × 1 pixels"):
        decode_picture(encode(Image.new("L", (50_000_000, 1))))


def test_a_large_photo_is_scaled_down():
    assert max(decode_picture(encode(draw_five(3000), "JPEG")).shape) == 512


def test_the_last_step_is_the_network_input():
    prepared = prepare_picture(draw_five())
    assert np.array_equal(prepared.steps[-1].compute_image(), prepared.image)
    assert all(step.compute_image().any() for step in prepared.steps)


@pytest.mark.parametrize("kind", ["TIFF", "AVIF"])
def test_only_the_listed_formats_are_decoded(kind):
    with pytest.raises(PictureError, match=r"not a picture in .* export it as JPEG or PNG"):
        decode_picture(encode(draw_five(), kind))


def test_a_heic_file_larger_than_it_says_is_rejected():
    content = bytearray(encode(draw_five(1_000), "HEIF"))
    size_at = content.index(b"ispe") + 8
    content[size_at : size_at + 8] = struct.pack(">II", 28, 28)
    with pytest.raises(PictureError, match="damaged"):
        decode_picture(bytes(content))


def measure_peak_growth_mb(code, *arguments):
    """How much `code` grows the peak memory of a fresh process.

    Not `ru_maxrss`, which includes the peak of the process that started it.
    """
    program = f"""
import re, sys, threading
from pathlib import Path
from digitlab.ink import decode_picture
from digitlab.errors import PictureError
def peak():
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) * 1024 / 1e6
contents = [Path(name).read_bytes() for name in sys.argv[1:]]
before = peak()
{code}
print(peak() - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=PROJECT_DIR, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(done.stdout)


LARGEST = (4_000, 3_000)
# The largest pictures that iPhones take unless asked for more: 24 megapixels.
PHONE = (5_712, 4_284)


@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("PNG", "RGBA", {}),
        ("PNG", "LA", {}),
        ("PNG", "I;16", {}),
        ("PNG", "RGB", {"transparency": (0, 0, 0)}),
        ("WEBP", "RGB", {}),
        ("WEBP", "RGBA", {"lossless": True}),
        ("GIF", "P", {}),
        ("BMP", "RGB", {}),
        ("JPEG", "RGB", {"progressive": True, "subsampling": 0}),
    ],
)
def test_the_largest_picture_takes_at_most_200_mb(kind, mode, options, tmp_path):
    path = tmp_path / "picture"
    path.write_bytes(encode(Image.new(mode, LARGEST), kind, **options))
    assert measure_peak_growth_mb("decode_picture(contents[0])", path) < 200


def test_a_heic_photo_of_a_phone_takes_at_most_200_mb(tmp_path):
    path = tmp_path / "picture"
    fast = {"preset": "ultrafast"}
    path.write_bytes(encode(Image.new("RGB", PHONE), "HEIF", quality=10, enc_params=fast))
    assert measure_peak_growth_mb("decode_picture(contents[0])", path) < 200


def test_the_largest_jpeg_is_decoded_at_reduced_size(tmp_path):
    path = tmp_path / "picture"
    path.write_bytes(encode(Image.new("RGB", (8_000, 6_000)), "JPEG"))
    assert measure_peak_growth_mb("decode_picture(contents[0])", path) < 100


def test_simultaneous_uploads_take_no_more_memory_than_one(tmp_path):
    path = tmp_path / "picture"
    path.write_bytes(encode(Image.new("RGBA", LARGEST), "WEBP"))
    code = """
threads = [threading.Thread(target=decode_picture, args=(contents[0],)) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""
    # Freed memory may not be reused at once, but four pictures at a time would take 770 MB.
    assert measure_peak_growth_mb(code, path) < 300


def test_a_rejected_picture_takes_no_memory(tmp_path):
    path = tmp_path / "picture"
    path.write_bytes(encode(Image.new("RGB", (7_071, 7_071)), "WEBP"))
    code = """
try:
    decode_picture(contents[0])
    raise SystemExit("decoded")
except PictureError:
    pass
"""
    assert measure_peak_growth_mb(code, path) < 20
