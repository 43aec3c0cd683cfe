"""The job of a learning rate range test, by the settings that it tests. Must not import Keras.

```
<cache>/lr-range/1a2b3c4d5e6f7a8b/
├── job.json      LrRangeSpec
├── result.json   LrRangeResult
├── status.json   StepStatus, replaced atomically
└── worker.log    what the worker printed
```
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from digitlab.errors import RunError, describe_error
from digitlab.files import load_json, write_json
from digitlab.paths import get_cache_dir
from digitlab.step_jobs import StepJob
from digitlab.training.config import TrainConfig
from digitlab.training.lr_range import LrRangeResult

# The only place that names the module of the worker.
_WORKER_MODULE = "digitlab.worker.lr_range_main"
_RESULT = "result.json"


@dataclass(frozen=True)
class LrRangeSpec:
    """The settings that are tested, as `TrainConfig.to_json`."""

    config: dict[str, Any]


@dataclass(frozen=True)
class LrRangeJob(StepJob):
    """One test, by its folder."""

    def read_config(self) -> TrainConfig:
        """The settings that are tested.

        Raises:
            RunError: the job's file is damaged.
        """
        return TrainConfig.from_json(self.load_spec(LrRangeSpec, "The test").config)

    def read_result(self) -> LrRangeResult | None:
        """The result; None before there is one.

        Raises:
            RunError: the file is damaged.
        """
        try:
            return load_json(self.directory / _RESULT, LrRangeResult)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise RunError(f"The result is damaged ({describe_error(error)}).") from error

    def write_result(self, result: LrRangeResult) -> None:
        """Write the result; only the worker calls this."""
        write_json(self.directory / _RESULT, asdict(result))


def find_lr_range_job(config: TrainConfig) -> LrRangeJob:
    """The test of these settings, which may not have been started yet."""
    # They do not change the test.
    same = replace(config, learning_rate=1e-3, epochs=1, schedule="constant", frozen_epochs=0)
    key = hashlib.sha256(json.dumps(same.to_json(), sort_keys=True).encode()).hexdigest()[:16]
    return LrRangeJob(get_cache_dir() / "lr-range" / key)


def start_lr_range(config: TrainConfig) -> LrRangeJob:
    """Start a test, unless it runs or has a result.

    Raises:
        RunError: the process could not be started.
    """
    job = find_lr_range_job(config)
    try:
        job.directory.mkdir(parents=True, exist_ok=True)
        with job.get_lock():
            if job.read_result() is None and not job.is_running():
                job.start(_WORKER_MODULE, LrRangeSpec(config.to_json()))
    except OSError as error:
        raise RunError(f"The test could not be started: {describe_error(error)}.") from error
    return job
