"""Who may act on a run, a model, a data set or a job: its owner.

A local installation has a single owner. The check belongs where an action is carried out, not
where a button is drawn, so that no page or command can forget it.
"""

from digitlab.errors import OwnerError

LOCAL_OWNER = "local"


def check_owner(thing: str, owner: str, acting_owner: str) -> None:
    """Reject an action by anyone but the owner.

    Args:
        thing: what is acted on, for the message: "The run 20261121-lenet", for example.
        owner: whose it is.
        acting_owner: the owner on whose behalf the action is requested.
    Raises:
        OwnerError: they differ.
    """
    if owner != acting_owner:
        raise OwnerError(f"{thing} belongs to another user. Only its owner can change it.")
