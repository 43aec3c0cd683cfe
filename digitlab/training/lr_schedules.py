"""The learning rate schedules; `worker/optimization.py` builds each by its id."""

from dataclasses import dataclass

from digitlab.training.fields import Choice

# "plateau": after this many epochs without a lower loss, the rate is multiplied by the factor.
PLATEAU_PATIENCE = 2
PLATEAU_FACTOR = 1 / 3


@dataclass(frozen=True)
class LrScheduleSpec(Choice):
    """One learning rate schedule. Factors are multiples of the learning rate setting.

    Attributes:
        warmup_fraction: fraction of the steps in which the rate rises to its peak.
        start_factor: at the first step.
        end_factor: at the last step.
        monitors_loss: whether the rate depends on the validation loss.
        needs_last_epochs: whether most of the gain comes at the end, when the rate is low.
    """

    warmup_fraction: float = 0.0
    start_factor: float = 1.0
    end_factor: float = 1.0
    monitors_loss: bool = False
    needs_last_epochs: bool = False


_SPECS = (
    LrScheduleSpec("constant", "Constant"),
    LrScheduleSpec(
        "exponential", "Exponential decay", "Falls by a constant factor, to 1 % of its start.",
        end_factor=0.01,
    ),
    LrScheduleSpec(
        "cosine", "Cosine with warm-up", "Rises over the first 10 % of the steps, then falls.",
        warmup_fraction=0.1, start_factor=0.01, end_factor=0.01, needs_last_epochs=True,
    ),
    # Smith and Topin 2017, with the fractions of fastai and PyTorch.
    LrScheduleSpec(
        "one_cycle", "One cycle", "Rises over the first 30 % of the steps, then falls to almost 0.",
        warmup_fraction=0.3, start_factor=1 / 25, end_factor=1e-4, needs_last_epochs=True,
    ),
    LrScheduleSpec(
        "plateau", "Reduce on plateau",
        f"Falls to a third after {PLATEAU_PATIENCE} epochs without a lower validation loss.",
        monitors_loss=True,
    ),
)  # fmt: skip

LR_SCHEDULES: dict[str, LrScheduleSpec] = {spec.id: spec for spec in _SPECS}
