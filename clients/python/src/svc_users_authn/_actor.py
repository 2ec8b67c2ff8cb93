"""The accounts that act for the account of a token (RFC 8693 section 4.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Optional

from ._json import Reader
from .errors import InvalidToken

# How many actors a token has at most.
_MAX_ACTORS = 4

# The permission that an impersonator must have now.
IMPERSONATE = "accounts:impersonate"

_WRONG = "act is not that of an actor, or there are too many"


class ActClaim(NamedTuple):
    """A claim act."""

    account: str
    version: int  # claim ver of the actor's own token
    session: Optional[str]  # claim sid of that token
    impersonator: bool  # it took the place of the token's account; else it is a service that was called
    role: Optional[str]  # of an impersonator, when the token was issued
    prior: Optional[ActClaim]  # the actor before it


def read_actor(holder: Reader, depth: int = 0) -> Optional[ActClaim]:
    """Reads the member act of an object, and those in it; raises Malformed or InvalidToken."""
    if "act" not in holder:
        return None
    act = holder.members["act"]
    if not isinstance(act, dict) or depth == _MAX_ACTORS:
        raise InvalidToken(_WRONG)
    members = Reader(act)
    actor = ActClaim(
        account=members.id("sub"),
        version=members.integer("ver"),
        session=members.id("sid") if "sid" in members else None,
        impersonator=members.flag("impersonator"),
        role=members.id("role_id") if "role_id" in members else None,
        prior=read_actor(members, depth + 1),
    )
    if actor.version < 1 or actor.impersonator != (actor.role is not None):
        raise InvalidToken(_WRONG)
    return actor


def actors_of(actor: Optional[ActClaim]) -> Iterator[ActClaim]:
    """All actors of a token, the latest first."""
    while actor is not None:
        yield actor
        actor = actor.prior
