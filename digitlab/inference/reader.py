"""Inference with a .tflite model and LiteRT, for the app, the command line and the benchmarks."""

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from digitlab.errors import ModelStoreError
from digitlab.processes import STDERR, silence

# An interpreter's batch size is fixed: one reads single digits, another reads blocks.
_BLOCK = 128
# A network may have one more output than there are digits: the probability of "no digit".
N_DIGITS = 10
# How a confidence is described.
SURE = 0.95
FAIRLY_SURE = 0.7


@dataclass(frozen=True)
class Answer:
    """A network's prediction for one image.

    Attributes:
        probabilities: one for each class, which sum to 1; of a digit reader ten: which digit it is,
            given that it is one.
        no_digit: the probability that it is not a digit; 0 for a network without that class.
        no_digit_threshold: the image is rejected from this probability of "no digit" on; None
            disables rejection.
    """

    probabilities: tuple[float, ...]
    no_digit: float = 0.0
    no_digit_threshold: float | None = None

    @property
    def is_digit(self) -> bool:
        """Whether the image is accepted as a digit."""
        return self.no_digit_threshold is None or self.no_digit < self.no_digit_threshold

    @property
    def digit(self) -> int:
        """The most probable digit, even if the image is rejected."""
        return int(np.argmax(self.probabilities))

    @property
    def confidence(self) -> float:
        """The probability of the most probable digit."""
        return self.probabilities[self.digit]

    @property
    def runner_up(self) -> int:
        """The second most probable digit."""
        return int(np.argsort(self.probabilities)[-2])

    @property
    def is_unsure(self) -> bool:
        """Whether it is no digit, or a digit below `FAIRLY_SURE`."""
        return not self.is_digit or self.confidence < FAIRLY_SURE

    @property
    def certainty(self) -> str:
        """The confidence as text: "sure", "fairly sure" or "can't tell: 4 or 9"."""
        if self.confidence >= SURE:
            return "sure"
        if self.confidence >= FAIRLY_SURE:
            return "fairly sure"
        return f"can't tell: {self.digit} or {self.runner_up}"


def format_percent(probability: float) -> str:
    """A probability as a percentage, at most 99.9 %: no network is certain."""
    return f"{min(probability, 0.999):.1%}" if probability > 0.99 else f"{probability:.0%}"


class DigitReader:
    """A loaded model that classifies images.

    Threads can share one reader: a lock serialises the calls, each of which takes well under a
    millisecond.
    """

    def __init__(
        self,
        model: Path | bytes,
        *,
        no_digit_threshold: float | None = None,
        reads_digits: bool = True,
    ) -> None:
        """Load a model.

        Args:
            model: a `.tflite` file, or its bytes. Input `(n, 28, 28, 1)` in the range 0 to 255,
                output `(n, classes)` probabilities.
            no_digit_threshold: images are rejected from this probability of "no digit" on; a
                stored model has it on its card. None disables rejection.
            reads_digits: whether outputs after the tenth are "no digit"; false for a network of
                other classes, of which there may be any number.
        Raises:
            ModelStoreError: the file is missing or is not an image classifier.
        """
        self.no_digit_threshold = no_digit_threshold
        self._reads_digits = reads_digits
        try:
            content = model if isinstance(model, bytes) else model.read_bytes()
            self._single = _BatchInterpreter(content, 1, n_threads=1)
        except (OSError, ValueError, RuntimeError) as error:
            name = "The model" if isinstance(model, bytes) else f"The model {model.name}"
            # LiteRT's reasons may have many lines.
            reason = str(error).strip().partition("\n")[0].rstrip(".")
            raise ModelStoreError(f"{name} cannot be loaded: {reason}.") from error
        self._content = content
        self._block: _BatchInterpreter | None = None
        self._lock = threading.Lock()

    @property
    def image_shape(self) -> tuple[int, ...]:
        """The shape of one image: `(h, w)` for grey, `(h, w, channels)` for colour."""
        height, width, channels = self._single.input_shape
        return (height, width) if channels == 1 else (height, width, channels)

    def read(self, image: np.ndarray) -> Answer:
        """Classify one image.

        Args:
            image: `(28, 28)` uint8, ink 255, paper 0, framed as in MNIST.
        """
        return self.read_many(image[None])[0]

    def rate(self, image: np.ndarray) -> float:
        """The probability that an image is the digit it is read as, 0 to 1.

        Args:
            image: `(28, 28)` uint8, ink 255, paper 0, framed as in MNIST.
        """
        answer = self.read(image)
        return answer.confidence * (1 - answer.no_digit)

    def read_many(self, images: np.ndarray) -> list[Answer]:
        """Classify many images.

        Args:
            images: `(n, 28, 28)` uint8, ink 255, paper 0, framed as in MNIST.
        """
        probabilities, no_digit = self.compute_readings(images)
        return [
            Answer(tuple(map(float, row)), float(refusal), self.no_digit_threshold)
            for row, refusal in zip(probabilities, no_digit, strict=True)
        ]

    def compute_probabilities(self, images: np.ndarray) -> np.ndarray:
        """The probability of each class, given that the image is a digit.

        Args:
            images: `(n, 28, 28)` uint8, ink 255, paper 0, framed as in MNIST.
        Returns:
            `(n, 10)` float32, each row sums to 1.
        """
        return self.compute_readings(images)[0]

    def compute_readings(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The probability of each digit, given that it is one, and of "no digit".

        Args:
            images: `(n, 28, 28)` uint8, ink 255, paper 0, framed as in MNIST.
        Returns:
            `(n, 10)` float32, rows sum to 1, and `(n,)` float32, 0 for a network without that
            class.
        """
        outputs = self.compute_outputs(images)
        if not self._reads_digits:
            return outputs, np.zeros(len(outputs), np.float32)
        return _condition_on_digits(outputs), outputs[:, N_DIGITS:].sum(axis=1)

    def compute_outputs(self, images: np.ndarray) -> np.ndarray:
        """The network's outputs, with the "no digit" class if it has one.

        Args:
            images: `(n, 28, 28)` uint8, ink 255, paper 0, framed as in MNIST.
        Returns:
            `(n, classes)` float32, each row sums to 1; an eleventh class is "no digit".
        Raises:
            ValueError: the shape or the dtype is wrong.
        """
        if images.shape[1:] != self.image_shape or images.dtype != np.uint8:
            raise ValueError(
                f"images are {images.dtype} {images.shape}; this model reads uint8 "
                f"(n, {', '.join(map(str, self.image_shape))})"
            )
        with self._lock:
            return self._compute(images)

    def _compute(self, images: np.ndarray) -> np.ndarray:
        _count(len(images))
        n_blocks = len(images) // _BLOCK
        if n_blocks and self._block is None:
            self._block = _BatchInterpreter(self._content, _BLOCK, n_threads=2)
        parts = [np.empty((0, self._single.n_classes), np.float32)]
        for k in range(n_blocks):
            assert self._block is not None
            parts.append(self._block.run(images[k * _BLOCK : (k + 1) * _BLOCK]))
        parts.extend(self._single.run(image[None]) for image in images[n_blocks * _BLOCK :])
        return np.concatenate(parts)


_count_lock = threading.Lock()
_n_read = 0


def count_read_images() -> int:
    """How many images the readers of this process have classified."""
    return _n_read


def _count(n: int) -> None:
    global _n_read  # noqa: PLW0603 -- one counter for all readers
    with _count_lock:
        _n_read += n


def _condition_on_digits(outputs: np.ndarray) -> np.ndarray:
    """Drop "no digit" and renormalise the rest."""
    if outputs.shape[1] == N_DIGITS:
        return outputs
    # Where "no digit" is close to 1, rounding must not leave ten zeros.
    digits = np.maximum(outputs[:, :N_DIGITS], np.float32(1e-30))
    return digits / digits.sum(axis=1, keepdims=True)


class _BatchInterpreter:
    """A LiteRT interpreter with a fixed batch size."""

    def __init__(self, content: bytes, batch: int, *, n_threads: int) -> None:
        self._interpreter = Interpreter(model_content=content, num_threads=n_threads)
        detail = self._interpreter.get_input_details()[0]
        shape = tuple(int(side) for side in detail["shape"][1:])
        if len(shape) != 3:
            raise ValueError(f"its input has shape {shape}, which is not an image")
        self.input_shape: tuple[int, ...] = shape
        self._interpreter.resize_tensor_input(detail["index"], (batch, *shape))
        # LiteRT prints the name of its delegate here.
        with silence(STDERR):
            self._interpreter.allocate_tensors()
        self._input = detail["index"]
        output = self._interpreter.get_output_details()[0]
        self._output = output["index"]
        self.n_classes = int(output["shape"][-1])
        self._buffer = np.empty((batch, *shape), np.float32)

    def run(self, images: np.ndarray) -> np.ndarray:
        """Probabilities of one full batch: `(batch, classes)` float32."""
        self._buffer[...] = images.reshape(self._buffer.shape)
        self._interpreter.set_tensor(self._input, self._buffer)
        self._interpreter.invoke()
        probabilities: np.ndarray = self._interpreter.get_tensor(self._output)
        return probabilities
