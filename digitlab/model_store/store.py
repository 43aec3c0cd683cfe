"""The models: shipped with the project, or saved by the user."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from digitlab.errors import ModelExistsError, ModelStoreError, RunError
from digitlab.files import write_json
from digitlab.model_store.card import CARD_FILE, load_card
from digitlab.model_store.formats import find_model_files
from digitlab.model_store.limits import check_space
from digitlab.model_store.names import check_label, check_model_id, generate_model_id, is_shipped
from digitlab.model_store.stored_model import StoredModel
from digitlab.owners import LOCAL_OWNER, check_owner, is_visible
from digitlab.paths import get_shipped_models_dir, get_user_models_dir
from digitlab.runs.run import Run

DEFAULT_MODEL_ID = "digitlab_cnn"
# Sees the published models only.
_ANONYMOUS = ""


def list_models(*, viewer: str = LOCAL_OWNER) -> list[StoredModel]:
    """The models with an undamaged card: the default, the other shipped ones, the users'.

    Args:
        viewer: who sees its own models and the published ones; the server's operator sees all.
    """
    found: dict[str, StoredModel] = {}
    for directory in _list_directories():
        try:
            found.setdefault(directory.name, _load_model(directory))
        except ModelStoreError:
            continue
    shown = [
        model for model in found.values() if model.is_shipped or is_visible(model.owner, viewer)
    ]
    return sorted(shown, key=lambda model: model.id != DEFAULT_MODEL_ID)


def list_damaged_models() -> dict[str, str]:
    """The models whose card cannot be read: a sentence about what is wrong, by id.

    No owner of theirs is known: this is for the server's operator.
    """
    damaged = {}
    for directory in _list_directories():
        try:
            _load_model(directory)
        except ModelStoreError as error:
            damaged[directory.name] = str(error)
    return damaged


def get_model(model_id: str, *, viewer: str = LOCAL_OWNER) -> StoredModel:
    """The model with this id.

    Raises:
        ModelStoreError: there is none that the viewer sees, or its card is damaged.
    """
    model = _load_model(_find_directory(model_id))
    if not model.is_shipped and not is_visible(model.owner, viewer):
        raise _build_missing_error(model_id)
    return model


def list_published_models() -> list[StoredModel]:
    """The models that everybody sees: the shipped ones, and those of the server's operator."""
    return list_models(viewer=_ANONYMOUS)


def save_model(
    run: Run,
    *,
    label: str | None = None,
    model_id: str | None = None,
    replace: bool = False,
    owner: str = LOCAL_OWNER,
) -> StoredModel:
    """Save a finished run's model: copy its files to the user's models.

    Args:
        label: the name that pages show, at most 80 characters; by default the run's name, else
            the id.
        model_id: lower-case letters, digits, `_` and `-`; by default made from the label.
        replace: replace the user's model of the same id or label, if there is one.
        owner: the acting owner.
    Raises:
        ModelExistsError: a model of this id or label exists, and `replace` is false.
        ModelStoreError: the label or the id is invalid or taken by a shipped model, or the
            files cannot be written.
        OwnerError: the run, or the model to be replaced, belongs to another user.
        RunError: the run has no finished model.
        LimitError: a visitor of a hosted app has too many models.
    """
    meta = run.read_meta()
    check_owner(f"The run {run.id}", meta.owner, owner)
    names, missing = find_model_files(run.directory)
    if missing:
        raise RunError(f"The run {run.id} has no finished model: {', '.join(missing)} is missing.")
    if model_id is not None:
        check_model_id(model_id)
    label = check_label(label or meta.label or model_id or run.id)
    same_label = _find_by_label(label, owner)
    if same_label is not None and same_label.is_shipped and model_id != same_label.id:
        raise ModelStoreError(f"{label} comes with digitlab. Choose another name.")
    if model_id is None:
        model_id = same_label.id if same_label else generate_model_id(label)
    _check_is_new(label, model_id, owner)
    directory = get_user_models_dir() / model_id
    if directory.exists():
        if not replace:
            raise ModelExistsError(
                f"There is a model {model_id} already. Replace it, or choose another name."
            )
        check_owner(f"The model {model_id}", _find_owner(directory), owner)
    else:
        check_space(list_models(viewer=owner), owner)
    return _copy_model(run.directory, names, directory, label, owner)


def check_new_label(label: str, *, owner: str = LOCAL_OWNER) -> str:
    """The label as `check_label` returns it, if no model that the owner sees has it.

    Raises:
        ModelExistsError: a model has it.
        ModelStoreError: it is invalid.
    """
    label = check_label(label)
    _check_is_new(label, "", owner)
    return label


def add_imported_model(source: Path, label: str, *, owner: str = LOCAL_OWNER) -> StoredModel:
    """Add a model that was made elsewhere.

    Args:
        source: a folder with its card, its report and the files that the card names.
        label: the name that pages show.
        owner: of the model.
    Raises:
        ModelExistsError: a model of this label exists.
        ModelStoreError: the label is invalid, or the files cannot be written.
    """
    label = check_new_label(label, owner=owner)
    names, _ = find_model_files(source)
    target = get_user_models_dir() / generate_model_id(label)
    return _copy_model(source, names, target, label, owner)


def rename_model(model_id: str, label: str, *, owner: str = LOCAL_OWNER) -> StoredModel:
    """Change a model's label; its id stays.

    Raises:
        ModelExistsError: another model has this label.
        ModelStoreError: there is no such model, it is shipped, the label is empty or longer than
            80 characters, or its files cannot be written.
        OwnerError: the model belongs to another user.
    """
    directory = _find_own_directory(model_id, owner)
    label = check_label(label)
    _check_is_new(label, model_id, owner)
    try:
        write_json(directory / CARD_FILE, {**_load_model(directory).card, "label": label})
    except OSError as error:
        raise _describe_write_error(error) from error
    return _load_model(directory)


def delete_model(model_id: str, *, owner: str = LOCAL_OWNER) -> None:
    """Delete a model, also one with a damaged card.

    Raises:
        ModelStoreError: there is no such model, it is shipped, or its files cannot be deleted.
        OwnerError: the model belongs to another user.
    """
    directory = _find_own_directory(model_id, owner)
    try:
        # Moved first, so that no reader meets half a model.
        with tempfile.TemporaryDirectory(dir=directory.parent, prefix=".deleted-") as folder:
            directory.rename(Path(folder) / model_id)
    except OSError as error:
        raise _describe_write_error(error) from error


def publish_model(model_id: str) -> StoredModel:
    """Show a visitor's model to all, as the server's operator, who alone can change it then.

    Raises:
        ModelExistsError: a published model has its label.
        ModelStoreError: there is no such model, or its files cannot be written.
    """
    directory = _find_own_directory(model_id, LOCAL_OWNER)
    model = _load_model(directory)
    _check_is_new(model.label, model_id, _ANONYMOUS)
    try:
        write_json(directory / CARD_FILE, {**model.card, "owner": LOCAL_OWNER})
    except OSError as error:
        raise _describe_write_error(error) from error
    return _load_model(directory)


def _copy_model(
    source: Path, names: list[str], target: Path, label: str, owner: str
) -> StoredModel:
    """Copy a model's files to a folder of the store, in place of the model that is there."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Copied and checked in a draft folder first, so that a damaged run replaces nothing.
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new-") as folder:
            draft = Path(folder) / target.name
            draft.mkdir()
            for name in names:
                shutil.copyfile(source / name, draft / name)
            card = _load_model(draft).card
            write_json(draft / CARD_FILE, {**card, "label": label, "owner": owner})
            if target.exists():
                target.rename(Path(folder) / "replaced")
            draft.rename(target)
    except OSError as error:
        raise _describe_write_error(error) from error
    return _load_model(target)


def _check_is_new(label: str, model_id: str, owner: str) -> None:
    """Check that no other model that the owner sees has the label."""
    same_label = _find_by_label(label, owner)
    if same_label is not None and same_label.id != model_id:
        raise ModelExistsError(
            f"There is already a model named “{same_label.label}”. Choose another name."
        )


def _find_by_label(label: str, owner: str) -> StoredModel | None:
    wanted = label.casefold()
    models = list_models(viewer=owner)
    return next((model for model in models if model.label.casefold() == wanted), None)


def _find_own_directory(model_id: str, owner: str) -> Path:
    """The folder of a model that this user may change."""
    directory = _find_directory(model_id)
    if is_shipped(directory):
        raise ModelStoreError(f"{model_id} comes with digitlab and cannot be changed.")
    check_owner(f"The model {model_id}", _find_owner(directory), owner)
    return directory


def _find_owner(directory: Path) -> str:
    try:
        return _load_model(directory).owner
    except ModelStoreError:
        # A damaged card must not protect its model from being deleted.
        return LOCAL_OWNER


def _list_directories() -> Iterator[Path]:
    for folder in dict.fromkeys((get_shipped_models_dir(), get_user_models_dir())):
        if folder.is_dir():
            cards = sorted(folder.glob(f"*/{CARD_FILE}"))
            yield from (card.parent for card in cards if not card.parent.name.startswith("."))


def _find_directory(model_id: str) -> Path:
    for directory in _list_directories():
        if directory.name == model_id:
            return directory
    raise _build_missing_error(model_id)


def _build_missing_error(model_id: str) -> ModelStoreError:
    known = ", ".join(model.id for model in list_published_models()) or "none"
    return ModelStoreError(f"There is no model {model_id!r}. Available: {known}.")


def _load_model(directory: Path) -> StoredModel:
    try:
        card = load_card(directory)
    except (OSError, ValueError) as error:
        reason = "it cannot be read" if isinstance(error, OSError) else str(error)
        raise ModelStoreError(
            f"The card of the model {directory.name} is damaged: {reason}."
        ) from error
    return StoredModel(directory.name, directory, card)


def _describe_write_error(error: OSError) -> ModelStoreError:
    return ModelStoreError(
        f"The saved models cannot be changed: {error.strerror or type(error).__name__}."
    )
