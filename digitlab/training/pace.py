"""How many steps Keras takes between two looks at the callbacks."""

from digitlab.datasets.registry import get_dataset_spec
from digitlab.nets.layers import compute_layer_table
from digitlab.training.config import TrainConfig

# Multiplications a second of a small machine, forward and backward together; only the order of
# magnitude matters.
_PER_SECOND = 15e9
_REPORT_EVERY_S = 0.1
_MOST = 32


def choose_steps(config: TrainConfig, n_batches: int) -> int:
    """As many steps as take about a tenth of a second, or as many as the settings say.

    Between two reports nothing but training happens, which is a quarter faster for small networks;
    a large network reports after each step, so that a stop is obeyed at once.

    Args:
        n_batches: how many steps an epoch has.
    """
    if config.steps_per_execution:
        return min(config.steps_per_execution, n_batches)
    spec = get_dataset_spec(config.dataset)
    table = compute_layer_table(
        config.net, spec.image_shape, len(spec.class_names), config.net_options
    )
    step_s = table.n_multiplications * config.batch_size / _PER_SECOND
    return max(1, min(_MOST, n_batches, int(_REPORT_EVERY_S / step_s)))
