"""Who may act on a run, a model, a data set or a job: its owner.

At home, and on the command line, there is one owner, `LOCAL_OWNER`. A hosted app gives each visitor
a random id in a signed cookie. The check belongs where an action is carried out, not where a button
is drawn, so that no page or command can forget it.
"""

import contextlib
import functools
import os
import secrets

from itsdangerous import BadSignature, Signer

from digitlab.errors import OwnerError
from digitlab.paths import get_owner_key_path

LOCAL_OWNER = "local"
OWNER_COOKIE = "digitlab_owner"


def create_owner() -> str:
    """The id of a new visitor, which cannot be guessed."""
    return secrets.token_hex(16)


def sign_owner(owner: str) -> str:
    """The content of the cookie that makes a browser this owner."""
    return _get_signer().sign(owner).decode()


def add_secret(name: str, owner: str) -> str:
    """A name of what is found by its address; of a visitor, one that cannot be guessed."""
    return name if owner == LOCAL_OWNER else f"{name}-{secrets.token_hex(8)}"


def read_signed_owner(content: str) -> str | None:
    """The owner that a cookie names; None if this server has not signed it."""
    try:
        return _get_signer().unsign(content).decode()
    except BadSignature:
        return None


def is_visible(owner: str, viewer: str) -> bool:
    """Whether lists show a thing to a viewer: its own, and what the server's operator has made.

    The operator sees everything.
    """
    return viewer == LOCAL_OWNER or owner in (viewer, LOCAL_OWNER)


def check_owner(thing: str, owner: str, acting_owner: str) -> None:
    """Reject an action by anyone but the owner, or the server's operator at the command line.

    Args:
        thing: what is acted on, for the message: "The run 20261121-lenet", for example.
        owner: whose it is.
        acting_owner: the owner on whose behalf the action is requested.
    Raises:
        OwnerError: they differ.
    """
    if acting_owner not in (owner, LOCAL_OWNER):
        raise OwnerError(f"{thing} belongs to another user. Only its owner can change it.")


def _get_signer() -> Signer:
    return Signer(_read_key(), salt="digitlab-owner")


@functools.cache
def _read_key() -> bytes:
    """The server's key, made once. On a read-only disk it lasts as long as the process."""
    path = get_owner_key_path()
    key = secrets.token_bytes(32)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
        # Fails if another process was first; whoever reads it finds the whole key.
        path.hardlink_to(draft)
    with contextlib.suppress(OSError):
        draft.unlink(missing_ok=True)
    return path.read_bytes() if path.is_file() else key
