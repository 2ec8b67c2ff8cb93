"""Verifies tokens and determines the rights of their bearers."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import TracebackType
from typing import Optional, Union

from ._check import MAX_AT_ONCE, AccessCheck
from ._claims import Claims, check_times, read_claims
from ._facts import Dead
from ._feed import Feed
from ._follower import Follower
from ._forks import survive_forks
from ._http import Client
from ._json import Malformed
from ._jws import MAX_TOKEN, SERVICE_TYPE, TOKEN_TYPE, parse_jws, Unverified
from ._keys import KeySource
from ._options import REFUSE, Changes, check_options
from ._statement import accepts
from .bearer import read_tokens, scope_tokens
from .errors import InvalidToken, KeysUnavailable, Refusal, insufficient_scope, invalid_token, token_required, unavailable
from .principal import Principal, principal_from

_DEAD = "no longer valid: the account was disabled or deleted, its older tokens were invalidated, the session or the API key has ended, or an actor may no longer act"


class Verifier:
    """Verifies tokens by the keys of one issuer and, once started, by its change feed. Any number of threads may use it.

        verifier = Verifier(
            jwks="https://users.example/.well-known/jwks.json", issuer="https://users.example", audience="https://api.example"
        )
        principal = verifier.authorize(token, ["orders:read"])

    It sends no request before it is used: keys are fetched with the first token, and the change feed is followed by start.
    Each method that verifies has a twin with ``_async``, which does not block the event loop.

    jwks      the URL of the issuer's keys; the server that answers there decides which tokens are valid: over plain HTTP, any
              host on the network path can
    issuer    the required value of the claim iss: JWT_ISSUER of svc-users, byte for byte
    audience  the value that the claim aud must have or contain: JWT_AUDIENCE of svc-users, or one of them
    changes   the change feed; without it a token has the rights at the time of its issue until it expires
    check     the URL of the access check, which is asked for the permissions of a token whose list was left out for its
              length, where the change feed does not tell them; the default is the one beside jwks; False asks nothing, and
              such a token gets 503
    ssl_context
              for all requests, for instance with a private certificate authority
    logger    the default is the logger svc_users_authn; no token and no part of one is ever logged
    now       the time at which tokens must be valid, in seconds since 1970
    """

    def __init__(
        self,
        *,
        jwks: str,
        issuer: str,
        audience: str,
        changes: Optional[Changes] = None,
        check: Union[str, bool, None] = None,
        ssl_context: Optional[ssl.SSLContext] = None,
        logger: Optional[logging.Logger] = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        check = check_options(jwks, issuer, audience, changes, check, now)
        self._issuer, self._audience, self._changes, self._now = issuer, audience, changes, now
        self._logger = logger or logging.getLogger("svc_users_authn")
        self._clients = [Client(ssl_context), Client(ssl_context)]
        client, feed_client = self._clients
        self._keys = KeySource(jwks, client, self._logger)
        self._check = AccessCheck(check, client, self._logger)
        self._executor: Optional[ThreadPoolExecutor] = None
        self._follower: Optional[Follower] = None
        if changes is not None:

            def feed(follower: Follower) -> Feed:
                return Feed(changes, feed_client, self._keys, now, (issuer, audience), self._verify_for_feed, follower.keys)

            self._follower = Follower(changes, feed_client, self._keys, self._logger, feed)
        survive_forks(self)

    def start(self) -> None:
        """Follows the change feed in a thread of its own until stop is called. Any failure is retried.

        Without it the feed counts as lost. It goes on in the child of a fork, in a thread of the child. Raises RuntimeError
        without changes, and while the feed is followed already.
        """
        if self._follower is None:
            raise RuntimeError("svc_users_authn: start needs changes")
        self._follower.start()

    def stop(self) -> None:
        """Ends following, after which the feed is lost when staleness is over, and closes all connections.

        Call it after the last request.
        """
        if self._follower is not None:
            self._follower.stop()
        for client in self._clients:
            client.close()

    def __enter__(self) -> Verifier:
        self.start()
        return self

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        self.stop()

    @property
    def lost(self) -> bool:
        """Whether there is a change feed and it is lost now. It is, until the first snapshot has been read whole."""
        return self._follower is not None and self._follower.lost

    def verify(self, token: str) -> Principal:
        """Verifies a token, a compact JWS without the scheme Bearer, and returns its account and rights.

        Raises Refusal: 401 if the token is not valid, 503 if it cannot be verified now.
        """
        try:
            unverified = self._parse(token)
            return self._principal(unverified, self._claims(unverified, unverified.verified(self._keys.get(unverified.kid))))
        except Exception as error:
            raise self._refusal(error)

    async def verify_async(self, token: str) -> Principal:
        """The same without blocking the event loop."""
        try:
            unverified = self._parse(token)
            return self._principal(unverified, self._claims(unverified, unverified.verified(await self._keys.get_async(unverified.kid))))
        except Exception as error:
            raise self._refusal(error)

    def authorize(self, token: str, permissions: Sequence[str] = ()) -> Principal:
        """The same as verify, and the account has all of these permissions: else it raises Refusal with 403.

        If the token had no room for its permissions and the change feed does not tell them, svc-users is asked.
        """
        names = scope_tokens(permissions)
        principal = self.verify(token)
        if principal.permissions_omitted and names:
            principal = replace(principal, permissions=self._ask(token, principal, names))
        return self._with_all(principal, names)

    async def authorize_async(self, token: str, permissions: Sequence[str] = ()) -> Principal:
        """The same without blocking the event loop."""
        names = scope_tokens(permissions)
        principal = await self.verify_async(token)
        if principal.permissions_omitted and names:
            if self._executor is None:
                self._executor = ThreadPoolExecutor(MAX_AT_ONCE, "svc-users-authn-check")
            allowed = await asyncio.get_running_loop().run_in_executor(self._executor, self._ask, token, principal, names)
            principal = replace(principal, permissions=allowed)
        return self._with_all(principal, names)

    def authenticate(self, authorization: Sequence[str], permissions: Sequence[str] = ()) -> Principal:
        """The same as authorize for a request with these Authorization headers, such as ``["Bearer eyJ…"]``.

        Two of them are refused, since a proxy may have checked the other one.
        """
        return self.authorize(self._token(authorization), permissions)

    async def authenticate_async(self, authorization: Sequence[str], permissions: Sequence[str] = ()) -> Principal:
        """The same without blocking the event loop."""
        return await self.authorize_async(self._token(authorization), permissions)

    def _token(self, authorization: Sequence[str]) -> str:
        tokens = read_tokens(authorization)
        if not tokens:
            raise self._refusal(token_required())
        if len(authorization) != 1:
            raise self._refusal(InvalidToken("two Authorization headers"))
        return tokens[0]

    def _with_all(self, principal: Principal, names: Sequence[str]) -> Principal:
        missing = [name for name in names if not principal.can(name)]
        if missing:
            raise self._refusal(insufficient_scope(missing))
        return principal

    def _ask(self, token: str, principal: Principal, names: Sequence[str]) -> Sequence[str]:
        try:
            return tuple(sorted(self._check.allowed(token, principal.account, names)))
        except Exception as error:
            raise self._refusal(error)

    def _parse(self, token: str) -> Unverified:
        if not isinstance(token, str):
            raise InvalidToken("not a text")
        if len(token) > MAX_TOKEN:
            raise InvalidToken("too long")
        unverified = parse_jws(token, TOKEN_TYPE, SERVICE_TYPE)
        self._must_be_listed(unverified.kid)
        return unverified

    def _claims(self, unverified: Unverified, payload: bytes) -> Claims:
        claims = read_claims(payload, unverified.typ, self._issuer, self._audience)
        check_times(claims, self._now())
        return claims

    def _verify_for_feed(self, token: str) -> Claims:
        """Verifies the token of the follower itself, without the change feed."""
        unverified = parse_jws(token, TOKEN_TYPE, SERVICE_TYPE)
        return self._claims(unverified, unverified.verified(self._keys.get(unverified.kid)))

    def _must_be_listed(self, kid: str) -> None:
        """Refuses a key that is not in the last list of the change feed, also while the feed is lost."""
        if self._follower is not None and not accepts(self._follower.keys(), kid):
            raise InvalidToken("kid is not in the last list of keys")

    def _principal(self, unverified: Unverified, claims: Claims) -> Principal:
        """Checks claims against the change feed and returns the rights."""
        principal = principal_from(claims)
        if self._follower is None or self._changes is None:
            return principal
        self._must_be_listed(unverified.kid)  # again: the list may have changed while the signature was verified
        lost, lease = self._follower.lost, self._follower.lease
        if lost and self._changes.when_lost == REFUSE:
            raise unavailable() from RuntimeError("the change feed is lost")
        if lost or lease is None:
            if lease is not None and lease.facts.dead_for_good(claims):
                raise InvalidToken(_DEAD)
            return principal
        role = lease.facts.role_of(claims)
        if isinstance(role, Dead):
            raise InvalidToken(_DEAD)
        name_and_permissions = lease.facts.rights.of(role)
        if name_and_permissions is None:
            return replace(principal, roles=(), permissions=(), live=True, permissions_omitted=False)
        name, permissions = name_and_permissions
        roles, permissions = (name,) if claims.scope is None and not claims.exchanged else (), claims.limit(permissions)
        return replace(principal, roles=roles, permissions=permissions, live=True, permissions_omitted=False)

    def _refusal(self, error: Exception) -> Refusal:
        """Whatever goes wrong, the request is refused; the cause is for the log alone."""
        if isinstance(error, Refusal):
            refusal = error
        elif isinstance(error, (InvalidToken, Malformed)):
            refusal = invalid_token()
        else:
            refusal = unavailable()
            if not isinstance(error, KeysUnavailable):
                self._logger.warning("a token could not be verified: %s", error, exc_info=error)
        if refusal is not error:
            refusal.__cause__ = error
        self._logger.debug("refused with %d: %s", refusal.status, refusal.__cause__ or refusal)
        return refusal

    def after_fork(self) -> None:
        """Makes a child process of its own: locks, connections and threads are the parent's."""
        for client in self._clients:
            client.forget()
        self._keys.reset()
        self._check.reset()
        self._executor = None
        if self._follower is not None:
            running = self._follower.running
            self._follower.reset()
            if running:
                self._follower.start()
