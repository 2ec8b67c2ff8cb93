"""The keys of an issuer, fetched when they are first needed and renewed in the background."""

from __future__ import annotations

import asyncio
import logging
import random
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, TimeoutError as FutureTimeout
from typing import NamedTuple, Optional

from ._http import Client
from ._jwks import PublicKey, parse_keys
from .errors import InvalidToken, KeysUnavailable

# All times are seconds.

# The least time between two requests for keys that unknown ids cause, and after a failed request, since any client can send
# tokens with made-up ids.
COOL_DOWN = 10.0
# The same while there are no keys at all and every request is refused.
_COOL_DOWN_WITHOUT = 1.0
# The least time between two requests for keys that statements cause. Statements are signed, or come from a server that could
# as well answer nothing, so that they may cause more than tokens with made-up ids.
_STATEMENT_COOL_DOWN = 1.0
# How long keys count as fresh that came without Cache-Control; what it says is kept between the two others.
_FRESH, _MIN_FRESH, _MAX_FRESH = 5 * 60.0, COOL_DOWN, 24 * 3600.0
# How long keys that cannot be renewed are used, so that requests are served while the issuer is down.
_MAX_USE = 24 * 3600.0
# How long a request waits for the renewal of keys that have not been used for long: one may have been withdrawn since.
_IDLE_WAIT = 1.0
_TIMEOUT = 5.0
# The longest that a request waits for keys: a thread may not even get to its request.
_PATIENCE = 3 * _TIMEOUT
_MAX_BODY = 1 << 20


class KeySet(NamedTuple):
    """The keys of one answer."""

    keys: Mapping[str, PublicKey]
    etag: Optional[str]
    got: float  # when it was asked for
    until: float  # how long it counts as fresh


class Expected(NamedTuple):
    """What is known of the listed keys that are missing here."""

    missing: Sequence[str]  # their ids, sorted
    next: float  # when to ask for them
    pause: float  # until the time after that


def spread(seconds: float) -> float:
    """Adds up to a quarter at random, so that processes that were started together do not ask together."""
    return seconds + random.random() * seconds / 4


class KeySource:
    """Keeps the issuer's keys. One thread fetches them for all that wait. The clock's differences count; tests replace it."""

    def __init__(self, url: str, client: Client, logger: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._url, self._client, self._logger, self.clock = url, client, logger, clock
        self._set: Optional[KeySet] = None
        self.reset()

    def reset(self) -> None:
        """Forgets the request under way, whose thread a fork has left behind."""
        self._lock = threading.Lock()
        # The request under way. Its result is None, or why it failed.
        self._fetching: Optional[Future[Optional[BaseException]]] = None
        self._unknown = self._retry = float("-inf")  # before these times: none for unknown ids; none at all after a failure
        self._statements = float("-inf")  # before this time no statement causes a request
        self._expected = Expected([], 0.0, 0.0)
        self._failed: Optional[BaseException] = None

    def get(self, kid: str) -> PublicKey:
        """The key of an id. Raises InvalidToken where the issuer has no such key, KeysUnavailable where none can be fetched."""
        key, wait = self._look(kid)
        if key is not None and wait is None:
            return key
        failed: Optional[BaseException] = None
        if wait is not None:
            try:
                failed = wait.result(_PATIENCE if key is None else _IDLE_WAIT)
            except FutureTimeout as error:
                failed = error
        return self._found(kid, failed)

    async def get_async(self, kid: str) -> PublicKey:
        """The same without blocking the event loop."""
        key, wait = self._look(kid)
        if key is not None and wait is None:
            return key
        failed: Optional[BaseException] = None
        if wait is not None:
            waiting = asyncio.wrap_future(wait)
            done, _ = await asyncio.wait([waiting], timeout=_PATIENCE if key is None else _IDLE_WAIT)
            failed = waiting.result() if done else TimeoutError("no answer in time")
        return self._found(kid, failed)

    def expect(self, kids: Sequence[str]) -> None:
        """Has the keys fetched in the background if one of a list is missing.

        At once, since its first token may come at any moment, and then less and less often: a replica that is asked may not
        have it yet, and a key that cannot be used here stays missing. It is called with every answer of the feed.
        """
        with self._lock:
            now, usable = self.clock(), self._usable()
            missing = sorted(kid for kid in kids if usable is None or kid not in usable.keys)
            if missing != self._expected.missing:
                self._expected = Expected(missing, self._statements, _STATEMENT_COOL_DOWN)
            _, after, pause = self._expected
            if not missing or self._fetching is not None or now < after or self._begin(now, uncached=True) is None:
                return
            self._statements = now + _STATEMENT_COOL_DOWN
            self._expected = Expected(missing, now + spread(pause), min(2 * pause, _FRESH))

    def get_since(self, kid: str, since: float) -> PublicKey:
        """The key of an id out of keys that were asked for after a time.

        Raises InvalidToken where the issuer has no such key, or was asked too short a time ago, and KeysUnavailable where the
        keys cannot be fetched.
        """
        for _ in range(3):  # a request under way may have begun too early, and the one after it may have to be waited for
            with self._lock:
                now, usable = self.clock(), self._usable()
                if usable is not None and usable.got > since:
                    if kid in usable.keys:
                        return usable.keys[kid]
                    raise _not_found()
                wait = self._fetching
                if wait is None and now < self._statements:
                    raise _not_found()
                if wait is None:
                    wait = self._begin(now, uncached=True)
                    self._statements = now + _STATEMENT_COOL_DOWN
                if wait is None:
                    raise _not_fetched(self._failed or TimeoutError("too early"))
            failed = wait.result(_PATIENCE)
            if failed is not None:
                raise _not_fetched(failed)
        raise _not_found()

    def _found(self, kid: str, failed: Optional[BaseException]) -> PublicKey:
        """The key after a wait."""
        with self._lock:
            usable = self._usable()
        key = None if usable is None else usable.keys.get(kid)
        if key is not None:
            return key
        raise _not_found() if failed is None else _not_fetched(failed)

    def _look(self, kid: str) -> tuple[Optional[PublicKey], Optional[Future[Optional[BaseException]]]]:
        """The key, and the request that has to be waited for; with a key, not for long."""
        with self._lock:
            now, usable = self.clock(), self._usable()
            key = None if usable is None else usable.keys.get(kid)
            if usable is not None and key is not None:
                life = usable.until - usable.got
                if now < usable.got + life * 3 / 4:
                    return key, None
                # While the keys are usable, no request waits for an issuer that does not answer or failed the last time.
                wait = self._begin(now)
                idle = now >= usable.until + life
                return key, wait if idle and self._failed is None else None
            wait = None
            if usable is None or now >= usable.until:
                wait = self._begin(now)
            elif self._fetching is not None:
                wait = self._fetching
            elif now >= self._unknown:
                wait = self._begin(now)
                if wait is not None:
                    self._unknown = now + spread(COOL_DOWN)
            if wait is not None:
                return None, wait
            raise _not_found() if self._failed is None else _not_fetched(self._failed)

    def _usable(self) -> Optional[KeySet]:
        """The keys that may be used. The lock is held."""
        return self._set if self._set is not None and self.clock() - self._set.got <= _MAX_USE else None

    def _begin(self, now: float, uncached: bool = False) -> Optional[Future[Optional[BaseException]]]:
        """The request under way, which is begun if there is none; None if it is too early for that. The lock is held.

        With uncached no cache on the way may answer it without the issuer.
        """
        if self._fetching is None and now >= self._retry:
            self._fetching = Future()
            work = (self._fetching, self._set, now, uncached)
            threading.Thread(target=self._fetch, args=work, name="svc-users-authn-keys", daemon=True).start()
        return self._fetching

    def _fetch(self, fetching: Future[Optional[BaseException]], old: Optional[KeySet], now: float, uncached: bool) -> None:
        fetched, failed = None, None
        try:
            fetched = self._request(old, now, uncached)
        except Exception as error:
            failed = error
        with self._lock:
            if fetched is not None:
                self._set = fetched
            usable = self._usable() is not None
            if failed is not None:
                self._retry = self.clock() + spread(COOL_DOWN if usable else _COOL_DOWN_WITHOUT)
            self._failed, self._fetching = failed, None
        fetching.set_result(failed)
        if failed is not None:
            self._logger.warning("the issuer's keys could not be read (%s): %s", "older ones are used" if usable else "there are none", failed)

    def _request(self, old: Optional[KeySet], now: float, uncached: bool) -> KeySet:
        """Asks for the keys, or whether they are still the old ones."""
        headers = {"Accept": "application/json"}
        if uncached:
            headers["Cache-Control"] = "no-cache"  # RFC 9111 section 5.2.1.4
        if old is not None and old.etag:
            headers["If-None-Match"] = old.etag
        answer = self._client.request(self._url, headers=headers, limit=_MAX_BODY, head_timeout=_TIMEOUT)
        until = now + max_age(answer.headers.get_all("Cache-Control") or [])
        if answer.status == 304 and old is not None:
            return KeySet(old.keys, old.etag, now, until)
        if answer.status != 200:
            raise ValueError(f"answered {answer.status}")
        return KeySet(parse_keys(answer.body), answer.headers.get("ETag"), now, until)


def max_age(headers: Sequence[str]) -> float:
    """How long an answer counts as fresh, by its Cache-Control (RFC 9111 section 5.2.2)."""
    age = _FRESH
    for part in ",".join(headers).lower().split(","):
        name, _, value = part.strip().partition("=")
        if name in ("no-store", "no-cache"):
            return _MIN_FRESH
        match = re.fullmatch(r'"?([0-9]{1,10})"?', value)
        if name == "max-age" and match:
            age = float(match[1])
    return min(max(age, _MIN_FRESH), _MAX_FRESH)


def _not_found() -> InvalidToken:
    return InvalidToken("kid names no key of the issuer")


def _not_fetched(cause: BaseException) -> KeysUnavailable:
    return KeysUnavailable(f"the issuer's keys cannot be fetched: {cause}")
