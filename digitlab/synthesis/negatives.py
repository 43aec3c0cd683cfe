"""Drawings that are not digits: symbols, letters, scribbles and dots.

Shapes are lines of points in a unit square, y down. Shapes that could be read as a digit are left
out: O, I, l, S, Z, B, g, q, /, | and similar ones.
"""

import numpy as np

Lines = list[list[tuple[float, float]]]


def _arc(x: float, y: float, rx: float, ry: float, *turns: float) -> list[tuple[float, float]]:
    """Points on an ellipse between two angles in turns, clockwise from the right."""
    begin, end = turns
    angles = np.linspace(begin, end, 12) * 2 * np.pi
    return [(x + rx * float(np.cos(t)), y + ry * float(np.sin(t))) for t in angles]


NEGATIVE_SHAPES: dict[str, list[Lines]] = {
    "#": [
        [
            [(0.35, 0), (0.25, 1)], [(0.75, 0), (0.65, 1)],
            [(0, 0.35), (1, 0.3)], [(0, 0.7), (1, 0.65)],
        ]
    ],
    "%": [
        [
            [(0.9, 0), (0.1, 1)], _arc(0.2, 0.22, 0.17, 0.2, 0, 1.02),
            _arc(0.8, 0.78, 0.17, 0.2, 0, 1.02),
        ]
    ],
    "@": [
        [
            [
                *_arc(0.5, 0.5, 0.2, 0.2, 0, 1), (0.72, 0.3), (0.72, 0.62), (0.85, 0.68),
                *_arc(0.5, 0.5, 0.48, 0.48, 0.08, -0.85),
            ]
        ]
    ],
    "*": [
        [
            [(0.5, 0), (0.5, 1)], [(0.05, 0.25), (0.95, 0.75)], [(0.95, 0.25), (0.05, 0.75)],
        ],
        [
            [(0.5, 0), (0.5, 1)], [(0, 0.5), (1, 0.5)],
            [(0.1, 0.1), (0.9, 0.9)], [(0.9, 0.1), (0.1, 0.9)],
        ],
    ],
    "+": [[[(0.5, 0), (0.5, 1)], [(0, 0.5), (1, 0.5)]]],
    "=": [[[(0, 0.3), (1, 0.3)], [(0, 0.7), (1, 0.7)]]],
    "-": [[[(0, 0.5), (1, 0.5)]]],
    "&": [
        [
            [
                (1, 1), (0.35, 0.4), (0.25, 0.15), (0.45, 0), (0.62, 0.15), (0.5, 0.35),
                (0.15, 0.6), (0.05, 0.8), (0.3, 1), (0.65, 0.9), (0.95, 0.55),
            ]
        ]
    ],
    "?": [
        [[*_arc(0.5, 0.27, 0.4, 0.27, -0.5, 0.2), (0.5, 0.6), (0.5, 0.75)], [(0.5, 0.95), (0.5, 1)]]
    ],
    "<": [[[(0.9, 0), (0.05, 0.5), (0.9, 1)]]],
    "~": [[[(0, 0.6), (0.2, 0.35), (0.45, 0.5), (0.7, 0.65), (1, 0.4)]]],
    "x": [[[(0, 0), (1, 1)], [(1, 0), (0, 1)]]],
    "square root": [[[(0, 0.55), (0.15, 0.5), (0.3, 1), (0.5, 0), (1, 0)]]],
    "arrow": [[[(0, 0.5), (1, 0.5)], [(0.65, 0.2), (1, 0.5), (0.65, 0.8)]]],
    "star": [[[(0.2, 1), (0.5, 0), (0.8, 1), (0, 0.38), (1, 0.38), (0.2, 1)]]],
    "heart": [
        [
            [
                (0.5, 0.3), (0.35, 0.02), (0.05, 0.12), (0.1, 0.5), (0.5, 1), (0.9, 0.5),
                (0.95, 0.12), (0.65, 0.02), (0.5, 0.3),
            ]
        ]
    ],
    "triangle": [[[(0.5, 0), (1, 1), (0, 1), (0.5, 0)]]],
    "smiley": [
        [
            _arc(0.5, 0.5, 0.5, 0.5, 0, 1.02), [(0.33, 0.33), (0.33, 0.4)],
            [(0.67, 0.33), (0.67, 0.4)], _arc(0.5, 0.55, 0.25, 0.22, 0.05, 0.45),
        ]
    ],
    "spiral": [
        [
            [
                (0.5 + 0.07 * t * float(np.cos(t)), 0.5 + 0.07 * t * float(np.sin(t)))
                for t in np.linspace(0.5, 7 * np.pi / 2 * 1.9, 60)
            ]
        ]
    ],
    "house": [
        [[(0.1, 1), (0.1, 0.4), (0.9, 0.4), (0.9, 1), (0.1, 1)], [(0, 0.45), (0.5, 0), (1, 0.45)]]
    ],
    "A": [[[(0, 1), (0.5, 0), (1, 1)], [(0.2, 0.6), (0.8, 0.6)]]],
    "E": [[[(0.9, 0), (0, 0), (0, 1), (0.9, 1)], [(0, 0.5), (0.7, 0.5)]]],
    "F": [[[(0.9, 0), (0, 0), (0, 1)], [(0, 0.5), (0.7, 0.5)]]],
    "H": [[[(0, 0), (0, 1)], [(1, 0), (1, 1)], [(0, 0.5), (1, 0.5)]]],
    "K": [[[(0, 0), (0, 1)], [(0.9, 0), (0, 0.55), (0.9, 1)]]],
    "M": [[[(0, 1), (0.1, 0), (0.5, 0.7), (0.9, 0), (1, 1)]]],
    "N": [[[(0, 1), (0, 0), (1, 1), (1, 0)]]],
    "P": [[[(0.1, 1), (0.1, 0), (0.7, 0.02), (0.95, 0.25), (0.7, 0.5), (0.1, 0.52)]]],
    "R": [[[(0.1, 1), (0.1, 0), (0.7, 0.02), (0.95, 0.25), (0.7, 0.5), (0.1, 0.52), (0.95, 1)]]],
    "T": [[[(0, 0), (1, 0)], [(0.5, 0), (0.5, 1)]]],
    "W": [[[(0, 0), (0.25, 1), (0.5, 0.25), (0.75, 1), (1, 0)]]],
    "X": [[[(0.1, 0), (0.9, 1)], [(0.9, 0), (0.1, 1)]]],
    "e": [[[(0.05, 0.55), (0.95, 0.5), *_arc(0.5, 0.5, 0.45, 0.5, -0.02, -0.88)]]],
    "h": [[[(0.1, 0), (0.1, 1), (0.15, 0.65), (0.5, 0.5), (0.85, 0.65), (0.9, 1)]]],
    "m": [
        [
            [
                (0, 0.1), (0, 1), (0.05, 0.3), (0.25, 0.1), (0.45, 0.3), (0.48, 1), (0.53, 0.3),
                (0.75, 0.1), (0.97, 0.3), (1, 1),
            ]
        ]
    ],
    "n": [[[(0.05, 0.05), (0.05, 1), (0.15, 0.3), (0.5, 0.05), (0.9, 0.3), (0.95, 1)]]],
    "t": [[[(0.45, 0), (0.42, 0.8), (0.6, 1), (0.9, 0.9)], [(0.05, 0.3), (0.85, 0.3)]]],
    "w": [[[(0, 0.1), (0.2, 0.95), (0.5, 0.3), (0.8, 0.95), (1, 0.1)]]],
}  # fmt: skip


def draw_negative_shape(random: np.random.Generator) -> list[np.ndarray]:
    """Draw a random shape with jittered points and sometimes rounded corners.

    Returns:
        Lines `(n, 2)` float64 within about 200 px.
    """
    variants = NEGATIVE_SHAPES[list(NEGATIVE_SHAPES)[int(random.integers(len(NEGATIVE_SHAPES)))]]
    lines = variants[int(random.integers(len(variants)))]
    jittered = [np.array(line) + random.normal(0, 0.035, (len(line), 2)) for line in lines]
    aspect = np.exp(random.normal(0, 0.2, 2))
    n_rounds = int(random.integers(0, 3))
    return [_round_corners(line, n_rounds) * 200 * aspect for line in jittered]


def draw_scribble(random: np.random.Generator) -> list[np.ndarray]:
    """Draw a random walk, a zigzag, a long winding line, or scattered strokes.

    Returns:
        Lines `(n, 2)` float64 within about 200 px.
    """
    kind = random.integers(4)
    if kind == 0:
        steps = random.normal(0, 1, (int(random.integers(12, 40)), 2))
        return [_round_corners(np.cumsum(steps, axis=0) * 20, 2)]
    if kind == 1:
        n = int(random.integers(5, 14))
        zigzag = np.stack([np.linspace(0, 200, n), 200 * (np.arange(n) % 2)], axis=1)
        zigzag += random.normal(0, 15, (n, 2))
        return [zigzag if random.random() < 0.5 else zigzag[:, ::-1].copy()]
    if kind == 2:
        return [_draw_winding_line(random)]
    count = int(random.integers(4, 9))
    return [random.uniform(0, 200, 2) + random.normal(0, 45, (3, 2)) for _ in range(count)]


def draw_dot(random: np.random.Generator) -> list[np.ndarray]:
    """Draw one to three taps, strokes of almost no length.

    Returns:
        Lines `(n, 2)` float64, in pixels of a canvas with a pen of about 20 px.
    """
    taps = []
    for _ in range(int(random.choice([1, 1, 1, 2, 3]))):
        position = random.uniform(0, 200, 2)
        taps.append(position + np.vstack([np.zeros(2), random.normal(0, 3, (2, 2))]))
    return taps


def _draw_winding_line(random: np.random.Generator) -> np.ndarray:
    """A line that winds around its centre and is far too long for a digit: `(n, 2)`."""
    n, reach = int(random.integers(180, 360)), random.uniform(8, 14)
    noise = random.normal(0, random.uniform(0.1, 0.4), n)
    points, heading = np.zeros((n, 2)), random.uniform(0, 2 * np.pi)
    for k in range(1, n):
        x, y = points[k - 1]
        # The farther from the centre, the more it turns back.
        turn_back = np.sin(np.arctan2(-y, -x) - heading) * np.hypot(x, y) / reach
        heading += noise[k] + 0.25 * turn_back
        points[k] = points[k - 1] + (np.cos(heading), np.sin(heading))
    return points * 200 / float(np.ptp(points, axis=0).max())


def _round_corners(line: np.ndarray, n_rounds: int) -> np.ndarray:
    """Corner cutting. Source: Chaikin 1974."""
    for _ in range(n_rounds if len(line) > 2 else 0):
        quarters = np.stack(
            [0.75 * line[:-1] + 0.25 * line[1:], 0.25 * line[:-1] + 0.75 * line[1:]]
        )
        inner = quarters.transpose(1, 0, 2).reshape(-1, 2)
        line = np.vstack([line[:1], inner, line[-1:]])
    return line
