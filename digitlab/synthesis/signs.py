"""Signs that are not digits, drawn by rules with random proportions.

Lines are in a square of about 1, y down. What a careful reader could take for a digit is left out.
"""

from collections.abc import Callable

import numpy as np

_Random = np.random.Generator
_Lines = list[np.ndarray]
# As large as the shapes of `negatives`.
SIZE_PX = 200


def draw_sign(random: _Random) -> _Lines:
    """Draw a sign with random proportions: lines `(n, 2)` float64 within about 200 px."""
    sign = list(SIGNS)[int(random.integers(len(SIGNS)))]
    aspect = np.exp(random.normal(0, 0.15, 2)) * SIZE_PX
    lines = SIGNS[sign](random)
    return [(line + random.normal(0, 0.012, line.shape)) * aspect for line in lines]


def rotate(lines: np.ndarray, angle: float) -> np.ndarray:
    """Rotate points `(n, 2)` around the origin, by radians."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return lines @ np.array([[cosine, sine], [-sine, cosine]])


def draw_line(*points: tuple[float, float]) -> np.ndarray:
    """A line through points: `(n, 2)`."""
    return np.array(points, float)


def draw_arc(x: float, y: float, rx: float, ry: float, *turns: float) -> np.ndarray:
    """Points on an ellipse between two angles in turns, clockwise from the right."""
    begin, end = turns
    angles = np.linspace(begin, end, max(6, round(24 * abs(end - begin)))) * 2 * np.pi
    return np.stack([x + rx * np.cos(angles), y + ry * np.sin(angles)], axis=1)


def draw_curve(*points: tuple[float, float]) -> np.ndarray:
    """A smooth line through points. Source: Catmull and Rom 1974."""
    knots = np.array([points[0], *points, points[-1]], float)
    t = np.linspace(0, 1, 7)[:, None]
    pieces = [
        (
            (2 * b)
            + (c - a) * t
            + (2 * a - 5 * b + 4 * c - d) * t**2
            + (3 * b - a - 3 * c + d) * t**3
        )
        / 2
        for a, b, c, d in zip(knots, knots[1:], knots[2:], knots[3:], strict=False)
    ]
    return np.concatenate(pieces)


def _percent(random: _Random) -> _Lines:
    """A slash between two rings of any size, each sometimes only a dot or on the slash."""
    lean, spread = random.uniform(0.05, 0.4), random.uniform(0.22, 0.42)
    rings = []
    for sign in (-1, 1):
        rx, ry = random.uniform(0.1, 0.24), random.uniform(0.12, 0.26)
        x, y = 0.5 + sign * spread * random.uniform(0.7, 1.1), 0.5 + sign * random.uniform(0.2, 0.4)
        turn = random.uniform(0, 1)
        rings.append(draw_arc(x, y, rx, ry, turn, turn + random.uniform(0.92, 1.1)))
    return [draw_line((0.5 + lean, 0), (0.5 - lean, 1)), *rings]


def _plus(random: _Random) -> _Lines:
    """Two lines that cross at any height but not as in a 4 or a 7."""
    x, y = random.normal(0.5, 0.05), random.normal(0.5, 0.05)
    half_width, half_height = random.uniform(0.3, 0.55), random.uniform(0.35, 0.55)
    slant = random.normal(0, 0.06, 2)
    return [
        draw_line((x - slant[0], y - half_height), (x + slant[0], y + half_height)),
        draw_line((x - half_width, y - slant[1]), (x + half_width, y + slant[1])),
    ]


def _times(random: _Random) -> _Lines:
    a, b = random.uniform(0.0, 0.25, 2)
    return [draw_line((a, 0), (1 - b, 1)), draw_line((1 - a, 0), (b, 1))]


def _plus_minus(random: _Random) -> _Lines:
    return [*(line * [1, 0.7] for line in _plus(random)), draw_line((0.05, 0.95), (0.95, 0.95))]


def _divide(random: _Random) -> _Lines:
    gap = random.uniform(0.25, 0.4)
    dots = [draw_arc(0.5, 0.5 + sign * gap, 0.03, 0.03, 0, 1) for sign in (-1, 1)]
    return [draw_line((0, 0.5), (1, 0.5)), *dots]


def _at(random: _Random) -> _Lines:
    """A ring or an a, and an almost closed circle around it."""
    r, tail = random.uniform(0.14, 0.26), random.uniform(0.1, 0.2)
    x, y = random.normal(0.48, 0.03), random.normal(0.5, 0.03)
    inner = draw_arc(x, y, r, r * random.uniform(0.9, 1.3), -0.12, -1.0)
    outer = draw_arc(0.5, 0.5, 0.5, 0.5, random.uniform(0.0, 0.1), -random.uniform(0.75, 0.97))
    down = draw_curve((x + r, y - r), (x + r, y + r * 0.9), (x + r + tail, y + r), tuple(outer[0]))
    if random.random() < 0.5:
        return [np.concatenate([inner, down, outer])]
    return [inner, np.concatenate([down, outer])]


def _ampersand(random: _Random) -> _Lines:
    """The printed form, an E with bars or with a t, or a plus with a loop."""
    kind = int(random.integers(3))
    if kind == 0:
        top = random.uniform(0.12, 0.24)
        return [
            draw_curve(
                (1, 1), (0.55, 0.55), (0.5 - top, 0.2), (0.48, 0), (0.48 + top, 0.17), (0.4, 0.45),
                (0.08, 0.72), (0.25, 0.98), (0.6, 0.93), (0.95, random.uniform(0.45, 0.6)),
            )
        ]  # fmt: skip
    if kind == 1:
        e = draw_curve((0.85, 0.18), (0.5, 0.1), (0.3, 0.28), (0.6, 0.47), (0.2, 0.68), (0.5, 0.9),
                   (0.9, 0.78))  # fmt: skip
        if random.random() < 0.5:
            return [e, draw_line((0.88, 0.8), (0.85, 0.3)), draw_line((0.55, 0.47), (1, 0.47))]
        return [e, draw_line((0.55, 0), (0.55, 0.1)), draw_line((0.55, 0.9), (0.55, 1))]
    return [
        draw_curve((0.5, 0), (0.5, 0.6), (0.5, 1), (0.15, 0.75), (0.1, 0.5), (1, 0.5)),
    ]


def _hash(random: _Random) -> _Lines:
    lean, gap, drop = random.uniform(0, 0.2), random.uniform(0.2, 0.4), random.normal(0, 0.06)
    lines = [
        draw_line((0.5 + s * gap / 2 + lean / 2, 0), (0.5 + s * gap / 2 - lean / 2, 1))
        for s in (-1, 1)
    ]
    return [*lines, *(draw_line((0, y + drop), (1, y - drop)) for y in (0.33, 0.67))]


def _dollar(random: _Random) -> _Lines:
    s = draw_curve((0.85, 0.22), (0.5, 0.1), (0.15, 0.28), (0.5, 0.5), (0.85, 0.72), (0.5, 0.9),
               (0.15, 0.78))  # fmt: skip
    x = random.normal(0.5, 0.03)
    if random.random() < 0.3:
        return [s, *(draw_line((x + d, 0), (x + d, 1)) for d in (-0.08, 0.08))]
    if random.random() < 0.3:
        return [s, draw_line((x, -0.05), (x, 0.12)), draw_line((x, 0.88), (x, 1.05))]
    return [s, draw_line((x, -0.05), (x, 1.05))]


def _euro(random: _Random) -> _Lines:
    c = draw_arc(0.55, 0.5, 0.4, 0.5, -0.12, -0.88)
    y, gap = random.uniform(0.35, 0.45), random.uniform(0.12, 0.25)
    return [c, draw_line((0, y), (0.7, y)), draw_line((0, y + gap), (0.65, y + gap))]


def _pound(_random: _Random) -> _Lines:
    return [
        draw_curve(
            (0.85, 0.2), (0.6, 0), (0.35, 0.2), (0.38, 0.6), (0.1, 1), (0.5, 0.93), (0.9, 1)
        ),
        draw_line((0.1, 0.5), (0.7, 0.5)),
    ]


def _yen(_random: _Random) -> _Lines:
    return [
        draw_line((0, 0), (0.5, 0.5), (0.5, 1)), draw_line((1, 0), (0.5, 0.5)),
        draw_line((0.15, 0.6), (0.85, 0.6)), draw_line((0.15, 0.78), (0.85, 0.78)),
    ]  # fmt: skip


def _question(random: _Random) -> _Lines:
    """With a dot far enough below that it is no 2."""
    top = draw_curve(
        (0.1, 0.25), (0.25, 0.03), (0.65, 0.02), (0.85, 0.25), (0.55, 0.48), (0.48, 0.7)
    )
    return [top, draw_arc(0.48, random.uniform(0.9, 1.0), 0.03, 0.03, 0, 1)]


def _asterisk(random: _Random) -> _Lines:
    n, turn = int(random.integers(3, 6)), random.uniform(0, np.pi)
    angles = turn + np.pi * np.arange(n) / n
    return [
        np.array([[0.5, 0.5]]) + r * np.array([[np.cos(a), np.sin(a)], [-np.cos(a), -np.sin(a)]])
        for a, r in zip(angles, random.uniform(0.38, 0.52, n), strict=True)
    ]


def _equal(random: _Random) -> _Lines:
    gap = random.uniform(0.1, 0.25)
    lines = [draw_line((0, 0.5 + s * gap), (1, 0.5 + s * gap)) for s in (-1, 1)]
    if random.random() < 0.3:
        lines.append(draw_line((0.7, 0.1), (0.3, 0.9)))
    if random.random() < 0.2:
        lines.append(draw_line((0, 0.5), (1, 0.5)))
    return lines


def _angle(random: _Random) -> _Lines:
    """< or >, sometimes doubled or underlined."""
    height = random.uniform(0.3, 0.5)
    corner = draw_line((1, 0.5 - height), (random.uniform(0, 0.3), 0.5), (1, 0.5 + height))
    lines = [corner]
    if random.random() < 0.2:
        lines.append(corner + np.array([0.35, 0]))
    if random.random() < 0.2:
        lines.append(draw_line((0.05, 0.65 + height), (1, 0.65 + height)))
    return lines if random.random() < 0.5 else [line * [-1, 1] for line in lines]


def _caret(random: _Random) -> _Lines:
    """A hat: ^, or v."""
    height, x = random.uniform(0.4, 1.0), random.normal(0.5, 0.06)
    hat = draw_line((0, height), (x, 0), (1, height))
    return [hat if random.random() < 0.6 else hat * [1, -1]]


def _tilde(random: _Random) -> _Lines:
    height = random.uniform(0.12, 0.28)
    x = np.linspace(0, 1, 24)
    wave = -height * np.sin(2 * np.pi * x * random.uniform(0.85, 1.2))
    lines = [np.stack([x, 0.5 + wave], axis=1)]
    return lines if random.random() < 0.75 else [lines[0], lines[0] + np.array([0, 0.35])]


def _brace(random: _Random) -> _Lines:
    """A brace or a square bracket, with a nose or corners long enough not to be a 1 or a 3."""
    nose = random.uniform(0.16, 0.3)
    if random.random() < 0.3:
        lines = [draw_line((0.5 + nose, 0), (0.3, 0), (0.3, 1), (0.5 + nose, 1))]
    else:
        depth = random.uniform(0.15, 0.3)
        lines = [
            draw_curve(
                (0.5 + depth, 0), (0.5, 0.06), (0.48, 0.4), (0.48 - nose, 0.5), (0.48, 0.6),
                (0.5, 0.94), (0.5 + depth, 1),
            )
        ]  # fmt: skip
    return lines if random.random() < 0.5 else [line * [-1, 1] for line in lines]


def _section(_random: _Random) -> _Lines:
    upper = draw_curve((0.8, 0.12), (0.5, 0), (0.25, 0.15), (0.5, 0.33), (0.8, 0.52), (0.55, 0.68))
    lower = 1 - upper
    return [upper, lower]


def _infinity(random: _Random) -> _Lines:
    t = np.linspace(0, 2 * np.pi, 40)
    height = random.uniform(0.2, 0.32)
    return [np.stack([0.5 + 0.5 * np.sin(t), 0.5 + height * np.sin(2 * t)], axis=1)]


def _arrow(random: _Random) -> _Lines:
    head = random.uniform(0.2, 0.35)
    arrow = [draw_line((0, 0), (1, 0)), draw_line((1 - head, -head), (1, 0), (1 - head, head))]
    angle = np.pi / 2 * random.integers(4) + random.normal(0, 0.2)
    return [rotate(line, float(angle)) for line in arrow]


def _check(random: _Random) -> _Lines:
    return [draw_line((0, random.uniform(0.4, 0.6)), (random.uniform(0.2, 0.35), 1), (1, 0))]


def _sum(_random: _Random) -> _Lines:
    return [draw_line((0.95, 0.15), (0.9, 0), (0, 0), (0.5, 0.5), (0, 1), (0.9, 1), (0.95, 0.85))]


def _pi(_random: _Random) -> _Lines:
    return [
        draw_curve((0, 0.12), (0.15, 0.02), (1, 0)),
        draw_curve((0.35, 0.02), (0.3, 0.6), (0.12, 1)),
        draw_curve((0.7, 0.02), (0.68, 0.8), (0.95, 0.95)),
    ]  # fmt: skip


def _omega(_random: _Random) -> _Lines:
    arc = draw_arc(0.5, 0.42, 0.42, 0.42, 0.33, 1.17)
    return [np.concatenate([[[0.0, 1.0], [0.32, 1.0]], arc, [[0.68, 1.0], [1.0, 1.0]]])]


def _note(random: _Random) -> _Lines:
    x = random.uniform(0.3, 0.4)
    return [
        draw_arc(x - 0.18, 0.88, 0.18, 0.12, 0, 1), draw_line((x, 0.88), (x, 0)),
        draw_curve((x, 0), (x + 0.3, 0.25), (x + 0.25, 0.5)),
    ]  # fmt: skip


SIGNS: dict[str, Callable[[_Random], _Lines]] = {
    "percent": _percent, "plus": _plus, "times": _times, "plus-minus": _plus_minus,
    "divide": _divide, "at": _at, "ampersand": _ampersand, "hash": _hash, "dollar": _dollar,
    "euro": _euro, "pound": _pound, "yen": _yen, "question": _question, "asterisk": _asterisk,
    "equal": _equal, "angle": _angle, "caret": _caret, "tilde": _tilde, "brace": _brace,
    "section": _section, "infinity": _infinity, "arrow": _arrow, "check": _check, "sum": _sum,
    "pi": _pi, "omega": _omega, "note": _note,
}  # fmt: skip
