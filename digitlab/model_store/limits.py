"""How many models visitors of a hosted app may save."""

from collections.abc import Sequence

from digitlab.hosting_limits import check_disk, check_limit, get_limits
from digitlab.model_store.stored_model import StoredModel
from digitlab.paths import get_user_models_dir
from digitlab.quantities import format_count


def check_space(models: Sequence[StoredModel], owner: str) -> None:
    """Check that a visitor may save another model.

    Args:
        models: those of all owners.
    Raises:
        LimitError: there are too many, they are too large, or the disk is nearly full.
    """
    limits = get_limits(owner)
    if limits is None:
        return
    own = [model for model in models if model.owner == owner]
    paths = [path for model in own for path in model.directory.iterdir()]
    size_mb = sum(path.stat().st_size for path in paths) / 1e6
    check_limit(
        len(own) < limits.models and size_mb < limits.models_mb,
        f"You have {format_count(len(own), 'model')} with {size_mb:.0f} MB; {limits.models} with "
        f"{limits.models_mb:g} MB are allowed on this server. Delete one first.",
    )
    check_disk(limits, get_user_models_dir())
