"""What the API answers; the keys are those of `classify --json`."""

from pydantic import BaseModel


class ErrorMessage(BaseModel):
    """What is wrong, and what to do."""

    error: str


class Health(BaseModel):
    """The server works."""

    status: str
    version: str


class Answer(BaseModel):
    """The digit in a picture; `digit` is null for what is no digit."""

    file: str
    digit: int | None
    confidence: float
    no_digit: float
    probabilities: list[float]


class Digit(BaseModel):
    """One of several digits; the box is left, top, width and height in pixels."""

    digit: int | None
    confidence: float
    box: list[float]


class Digits(BaseModel):
    """All digits in a picture, in reading order."""

    file: str
    digits: list[Digit]


class StartedRun(BaseModel):
    """A training that is queued."""

    id: str
