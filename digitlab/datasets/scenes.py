"""Pictures with nothing written on them: clouds, blots, empty paper, and things of all kinds."""

import cv2
import numpy as np

from digitlab.datasets.pages import draw_field, draw_shadow

_Random = np.random.Generator


def make_texture(random: _Random) -> np.ndarray:
    """Clouds, grain or blots: `(h, w)` uint8."""
    height, width = (int(n) for n in random.integers(28, 200, 2))
    field = draw_field((height, width), int(random.integers(2, 14)), random)
    if random.random() < 0.4:
        field = (field > random.uniform(0, 1)).astype(np.float32) * 2
    field += random.normal(0, random.uniform(0.02, 0.5), field.shape).astype(np.float32)
    return np.clip(128 + 60 * field, 0, 255).astype(np.uint8)


def make_empty_page(random: _Random) -> np.ndarray:
    """Paper under uneven light, with grain, often a fold, ruled lines or specks: `(h, w)` uint8."""
    height, width = (int(n) for n in random.integers(60, 300, 2))
    page = np.full((height, width), random.uniform(90, 250), np.float32)
    page *= 1 + random.uniform(0, 0.2) * draw_field((height, width), 2, random)
    if random.random() < 0.3:
        page *= draw_shadow((height, width), random)
    if random.random() < 0.3:
        page = _rule(page, random)
    for _ in range(int(random.integers(0, 8)) if random.random() < 0.4 else 0):
        x, y = (int(n) for n in random.uniform(0, (width, height)))
        radius = max(1, round(min(height, width) * random.uniform(0.003, 0.02)))
        cv2.circle(page, (x, y), radius, float(random.uniform(20, 120)), -1, cv2.LINE_AA)
    grain = random.normal(0, random.uniform(1, 14), page.shape).astype(np.float32)
    page += cv2.GaussianBlur(grain, (0, 0), float(random.uniform(0.3, 2.5)))
    return np.clip(page, 0, 255).astype(np.uint8)


def make_scene(random: _Random) -> np.ndarray:
    """Things before a background, as on any photo that shows no writing: `(h, w, 3)` uint8."""
    height, width = (int(n) for n in random.integers(28, 160, 2))
    scene: np.ndarray = np.empty((height, width, 3), np.float32)
    for channel in range(3):
        field = draw_field((height, width), int(random.integers(1, 5)), random)
        scene[..., channel] = random.uniform(20, 235) + random.uniform(2, 40) * field
    for _ in range(int(random.integers(1, 7))):
        mask = _draw_thing((height, width), random)[..., None]
        shade = 1 + random.uniform(0, 0.35) * draw_field((height, width), 3, random)[..., None]
        colour = random.uniform(5, 250, 3).astype(np.float32)
        scene = scene * (1 - mask) + colour * shade * mask
    scene = cv2.GaussianBlur(scene, (0, 0), float(random.uniform(0.3, 1.5)))
    scene += random.normal(0, random.uniform(1, 8), scene.shape).astype(np.float32)
    return np.clip(scene, 0, 255).astype(np.uint8)


def _draw_thing(size: tuple[int, int], random: _Random) -> np.ndarray:
    """The outline of a thing, filled: `(h, w)` float32, 0 to 1."""
    height, width = size
    mask = np.zeros(size, np.float32)
    middle = random.uniform(0, (width, height))
    radius = random.uniform(0.08, 0.5) * max(size)
    n = int(random.integers(3, 12))
    angles = np.sort(random.uniform(0, 2 * np.pi, n))
    reach = radius * random.uniform(0.35, 1, n)
    corners = middle + reach[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    if random.random() < 0.5:
        hull = cv2.convexHull(corners.astype(np.float32))
        cv2.fillPoly(mask, [np.round(hull).astype(np.int32)], 1.0, cv2.LINE_AA)
    else:
        axes = (int(radius) + 1, int(radius * random.uniform(0.2, 1)) + 1)
        place = (int(middle[0]), int(middle[1]))
        cv2.ellipse(mask, place, axes, float(random.uniform(0, 180)), 0, 360, 1.0, -1, cv2.LINE_AA)
    return mask


def _rule(page: np.ndarray, random: _Random) -> np.ndarray:
    """Lines or squares, as paper is ruled."""
    ruled = page.copy()
    step = int(max(8, min(page.shape) * random.uniform(0.05, 0.25)))
    darker = float(random.uniform(0.6, 0.95))
    start = int(random.integers(step))
    ruled[start::step] *= darker
    if random.random() < 0.5:
        ruled[:, start::step] *= darker
    return ruled
