"""The state of the change feed up to one cursor, and how long it is valid."""

from __future__ import annotations

import time
from typing import NamedTuple, Optional, Union

from ._actor import IMPERSONATE, actors_of
from ._claims import Claims
from ._options import Changes
from ._pieces import Pieces
from ._rights import BadFacts, Rights
from ._statement import Account, KeyList, Statement, accepts

# The least time in seconds between two removals of ended sessions, each of which looks at all of them.
_SWEEP_INTERVAL = 60


class Dead:
    """What role_of returns for a token that is not valid."""


DEAD = Dead()


class Facts:
    """The facts up to one cursor. They do not change: the next statement makes new facts, which share what is the same."""

    def __init__(self) -> None:
        self.cursor = ""
        self.signed = 0  # when the newest statement was signed, by the service's clock
        self.rights = Rights()
        self.accounts: Pieces[Account] = Pieces()
        self.ended: Pieces[int] = Pieces()  # sessions and API keys that have ended, and until when a token of one may be valid
        self.keys: Optional[KeyList] = None  # the last list of keys; None where the service tells none
        self._swept = 0

    @classmethod
    def after(cls, before: Optional[Facts], statement: Statement, limits: Changes) -> Facts:
        """The facts after a statement; before is None for the first one. Raises BadFacts."""
        following = cls()
        if not statement.reset:
            if before is None:
                raise BadFacts("the statement continues a snapshot that was not received")
            following.rights, following.keys, following._swept = before.rights, before.keys, before._swept
            following.accounts, following.ended = Pieces(before.accounts), Pieces(before.ended)
        following.cursor, following.signed = statement.cursor, statement.issued
        # Without a list, by a key that is not in the last one: the service is an older one by now.
        if statement.keys is not None or not accepts(following.keys, statement.signer):
            following.keys = statement.keys
        if statement.permissions or statement.roles:
            following.rights = following.rights.after(statement, limits)
        for account_id, account in statement.accounts.items():
            following.accounts.set(account_id, account)
        for session, until in statement.sessions.items():
            following.ended.set(session, until)
        following._sweep_ended()
        if following.accounts.size + following.ended.size > limits.max_accounts:
            raise BadFacts("more accounts have changed, and sessions ended, than max_accounts")
        return following

    def _sweep_ended(self) -> None:
        """Removes the sessions of which no token can be valid."""
        if self.signed - self._swept < _SWEEP_INTERVAL:
            return
        self._swept = self.signed
        for session in [session for session, until in self.ended.items() if until < self.signed]:
            self.ended.remove(session)

    def share(self) -> None:
        """Called before others read the facts."""
        self.accounts.share()
        self.ended.share()
        self.rights.share()

    def role_of(self, claims: Claims) -> Union[str, None, Dead]:
        """The id of the account's current role, None if it has no known role; DEAD where the token is not valid.

        An account that is not in the feed still has the role in its token, since a change would be in the feed. Tokens from
        before the claim role_id name the role first in the claim roles.
        """
        if self._has_ended(claims):
            return DEAD
        account = self.accounts.get(claims.account)
        if account is not None and account.version != claims.version:
            return DEAD
        role = (claims.role or self.rights.named(claims.roles[0])) if account is None else account.role
        return role if self._actors_may_act(claims, role) else DEAD

    def _actors_may_act(self, claims: Claims, role: Optional[str]) -> bool:
        """Whether all actors of a token may act for an account with this role."""
        for actor in actors_of(claims.act):
            account = self.accounts.get(actor.account)
            if self._ended_session(actor.session) or (account is not None and account.version != actor.version):
                return False
            if actor.impersonator and not self._may_impersonate(actor.role if account is None else account.role, role):
                return False
        return True

    def _may_impersonate(self, own: Optional[str], other: Optional[str]) -> bool:
        """Whether an account with one role may take the place of one with another.

        It has the permission for that, and all that the other role has.
        """
        _, held = self.rights.of(own) or ("", ())
        _, wanted = self.rights.of(other) or ("", ())
        if IMPERSONATE not in held or (self.rights.is_all(other) and not self.rights.is_all(own)):
            return False
        return set(wanted) <= set(held)

    def dead_for_good(self, claims: Claims) -> bool:
        """Whether a token is invalid even if the facts are out of date.

        Versions only ever rise, and a session or an API key that has ended does not come back. The same is so of its actors.
        """
        if self._has_ended(claims) or self._is_past(claims.account, claims.version, claims.issued_at):
            return True
        return any(
            self._ended_session(actor.session) or self._is_past(actor.account, actor.version, claims.issued_at) for actor in actors_of(claims.act)
        )

    def _is_past(self, account_id: str, version: int, issued_at: int) -> bool:
        """Whether a token version of an account is past.

        A token of a disabled account may be valid if it was issued after the statement, since the account may be enabled
        again.
        """
        account = self.accounts.get(account_id)
        if account is None:
            return False
        return issued_at <= account.signed if account.version is None else version < account.version

    def _has_ended(self, claims: Claims) -> bool:
        return self._ended_session(claims.session) or self._ended_session(claims.api_key)

    def _ended_session(self, session: Optional[str]) -> bool:
        """Whether a session or an API key has ended."""
        return session is not None and session in self.ended


class Reading(NamedTuple):
    """A time by both clocks: the monotonic one, which cannot be set, and the wall clock, which goes on in a machine's sleep."""

    steady: float
    wall: float


def read_clocks() -> Reading:
    return Reading(time.monotonic(), time.time())


class Lease(NamedTuple):
    """The newest facts and how long they are valid: for staleness, in seconds, from the time asked."""

    facts: Facts
    asked: Reading  # when the last request that confirmed them was sent
    staleness: float

    def fresh(self, now: Reading) -> bool:
        """Whether the facts are valid at now, by both clocks."""
        return now.steady - self.asked.steady < self.staleness and now.wall - self.asked.wall < self.staleness
