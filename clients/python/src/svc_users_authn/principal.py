"""The account that sent a request, with its rights."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Optional

from ._actor import ActClaim
from ._claims import Claims


@dataclass(frozen=True)
class Actor:
    """An account that acts for the account of a token.

    account       id of the account that acts: a UUID
    impersonator  whether it took the other account's place, as an administrator may; else it is that of a service which
                  that account has called
    prior         the actor before this one: a service that was called by a service; None for the first
    """

    account: str
    impersonator: bool
    prior: Optional[Actor]


@dataclass(frozen=True)
class Principal:
    """The account that sent a request, with its rights. It does not change.

    account      id of the account: a UUID, the same for as long as the account exists
    service      whether the account is a service account, that of a program
    email        the account's address when the token was issued, None for a service account; for display: store account to
                 record an owner
    scope        what the token is restricted to, sorted names of permissions; None if it is not; such a token has no roles
    roles        role names: if live is true, the account's own current role alone; else the own role when the token was
                 issued, followed by the roles it inherits from, nearest first; empty if there is a scope, and for an
                 exchanged token
    permissions  the names of all permissions of the account, sorted: the current ones if live is true, else those when the
                 token was issued; of a token for a declared audience those with its prefix; if
                 permissions_omitted is true, those of the required ones that svc-users has confirmed
    permissions_omitted
                 whether the list did not fit into the token and the change feed does not tell it; never true if live is
    live         whether the change feed is up to date, so that permissions and roles are the current ones
    actor        the account that acts for this one by the token, such as an administrator who impersonates it; None if the
                 account acts by itself; write it into the log beside account
    token_id     id of this token, a UUID
    session      id of the session that the token belongs to, a UUID; None for a token without a session
    issued_at, expires
                 times in UTC
    """

    account: str
    service: bool
    email: Optional[str]
    scope: Optional[Sequence[str]]
    roles: Sequence[str]
    permissions: Sequence[str]
    permissions_omitted: bool
    live: bool
    actor: Optional[Actor]
    token_id: str
    session: Optional[str]
    issued_at: datetime
    expires: datetime

    def can(self, permission: str) -> bool:
        """Whether the account is known to have a permission."""
        at = bisect_left(self.permissions, permission)
        return at < len(self.permissions) and self.permissions[at] == permission


def principal_from(claims: Claims) -> Principal:
    """The principal as its token says, without the change feed."""
    return Principal(
        account=claims.account,
        service=claims.service,
        email=claims.email,
        scope=claims.scope,
        roles=tuple(claims.roles),
        # Those of a scope are what the account held when the token was issued, also where the list of all was left out.
        permissions=tuple(sorted(claims.limit(claims.permissions if claims.scope is None else claims.scope))),
        permissions_omitted=claims.permissions_omitted and claims.scope is None,
        live=False,
        actor=_shown_actor(claims.act),
        token_id=claims.token_id,
        session=claims.session,
        issued_at=datetime.fromtimestamp(claims.issued_at, timezone.utc),
        expires=datetime.fromtimestamp(claims.expires, timezone.utc),
    )


def _shown_actor(act: Optional[ActClaim]) -> Optional[Actor]:
    return None if act is None else Actor(act.account, act.impersonator, _shown_actor(act.prior))
