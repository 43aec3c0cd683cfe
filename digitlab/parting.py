"""Part a row of ink into digits: the candidates, what each costs, the cheapest way through them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from digitlab.ink.rows import enclose
from digitlab.ink.segment import InkPiece, StrokePiece
from digitlab.reader import Answer

# So many neighbouring pieces are one digit at most.
_MAX_TOGETHER = 6
# Candidates with a wider gap inside or wider than this, in line heights, are not even read.
_MAX_GAP = 0.4
_MAX_WIDTH = 1.6
# The network's doubt counts up to this many nats: it may be a digit badly drawn.
_MAX_DOUBT = 6.0


@dataclass(frozen=True)
class Costs:
    """What makes a reading less likely, in nats; lengths in line heights.

    Chosen with `benchmarks/many_digits.py` on half of the writers.

    Attributes:
        gap: each line height of gap within a digit.
        width: each line height that a digit is wider than `usual_width`.
        height: each line height that a digit is lower than `usual_height`.
        overlap: two digits over one another, for all of the narrower one.
        cut: each pen width of ink that is cut through between two digits.
        digit: each digit more; below 0, because the network is sure of two digits as well.
    """

    gap: float = 7.0
    width: float = 3.0
    usual_width: float = 0.95
    height: float = 11.0
    usual_height: float = 0.8
    overlap: float = 0.6
    cut: float = 0.2
    digit: float = -0.27


COSTS = Costs()


@dataclass(frozen=True)
class Candidate:
    """Pieces `begin` to `end` (not included) of a row, as one digit; lengths in line heights."""

    begin: int
    end: int
    width: float
    height: float
    gap: float
    overlap: float
    cut: float


def list_candidates(row: Sequence[StrokePiece | InkPiece], line_height: float) -> list[Candidate]:
    """Every few neighbours that could be one digit, by where they begin.

    Args:
        row: pieces of ink from left to right.
        line_height: in the pieces' pixels.
    """
    candidates = []
    right_before = -math.inf
    for begin, first in enumerate(row):
        box, gap = first.box, 0.0
        for end in range(begin + 1, min(begin + _MAX_TOGETHER, len(row)) + 1):
            piece = row[end - 1].box
            gap += max(piece[0] - box[0] - box[2], 0.0) / line_height
            box = enclose([box, piece])
            # A single piece is always read: there is nothing smaller.
            if end > begin + 1 and (gap > _MAX_GAP or box[2] > _MAX_WIDTH * line_height):
                break
            overlap = 0.0
            if begin:
                narrower = min(box[2], row[begin - 1].box[2])
                overlap = (right_before - box[0]) / max(narrower, line_height / 4)
            candidates.append(
                Candidate(
                    begin, end, box[2] / line_height, box[3] / line_height,
                    gap, min(max(overlap, 0.0), 1.0), first.cut_cost,
                )
            )  # fmt: skip
        right_before = max(right_before, first.box[0] + first.box[2])
    return candidates


def _compute_cost(one: Candidate, answer: Answer, costs: Costs) -> float:
    share = answer.confidence * (1 - answer.no_digit)
    return (
        min(-math.log(max(share, 1e-9)), _MAX_DOUBT)
        # What is higher than a line may be wider, too.
        + costs.width * max(one.width / max(one.height, 1.0) - costs.usual_width, 0.0)
        + costs.height * max(costs.usual_height - one.height, 0.0)
        + costs.gap * one.gap
        + costs.overlap * one.overlap
        + costs.cut * one.cut
        + costs.digit
    )


def choose_candidates(
    n_pieces: int, answers: Mapping[Candidate, Answer], costs: Costs = COSTS
) -> list[Candidate]:
    """The cheapest candidates that together make up the whole row, from left to right.

    Args:
        n_pieces: in the row.
        answers: what the network reads in each candidate, in the order of `list_candidates`.
        costs: what speaks against a reading.
    """
    cheapest = [0.0] + [math.inf] * n_pieces
    last: list[Candidate | None] = [None] * (n_pieces + 1)
    # Candidates come by where they begin: all ways to there are known by then.
    for one, answer in answers.items():
        cost = cheapest[one.begin] + _compute_cost(one, answer, costs)
        if cost < cheapest[one.end]:
            cheapest[one.end], last[one.end] = cost, one
    chosen = []
    end = n_pieces
    while (taken := last[end]) is not None:
        chosen.append(taken)
        end = taken.begin
    return chosen[::-1]
