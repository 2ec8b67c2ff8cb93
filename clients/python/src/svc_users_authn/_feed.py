"""One request to the change feed after the other."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, TimeoutError as FutureTimeout
from typing import Any, Optional
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ._claims import Claims
from ._facts import Facts, Reading, read_clocks
from ._http import Answer, Client
from ._json import Malformed, Reader, parse_object
from ._jws import STATEMENT_TYPE, parse_jws
from ._keys import KeySource
from ._options import Changes
from ._rights import BadFacts
from ._statement import MAX_AGE, BrokenChain, KeyList, Outdated, Statement, accepts, check_age, parse_statement

# All times are seconds.

# Four times the largest answer of the service.
_MAX_BODY = 1 << 20
# The longest that the service keeps a request waiting.
_MAX_WAIT = 10.0
# For the requests that bring the first whole state, each, and for a login.
_BEGINNING_TIMEOUT = 10.0
# For an answer that has begun to arrive.
_BODY_TIMEOUT = 30.0
# When to try again to get a token while the last one still counts.
_RENEW_AGAIN = 60.0
# When to renew a token that cannot be read here; should it end before, that will be answered 401.
_RENEW_UNREAD = 24 * 3600.0

_TOKEN = re.compile(r"[\x21-\x7e]+")


class Failure(Exception):
    """An error after which an immediate retry does not help.

    stubborn says that it usually lasts until an operator acts, and after is how long the service asks to wait.
    """

    def __init__(self, message: str, stubborn: bool = False, after: float = 0.0) -> None:
        super().__init__(message)
        self.stubborn, self.after = stubborn, after


class Feed:
    """Reads the change feed of one run of a Verifier, statement by statement."""

    def __init__(
        self,
        changes: Changes,
        client: Client,
        keys: KeySource,
        now: Callable[[], float],
        parties: tuple[str, str],
        verify_token: Callable[[str], Claims],
        last_keys: Callable[[], Optional[KeyList]],
    ) -> None:
        self._changes, self._client, self._keys, self._now, self._parties = changes, client, keys, now, parties
        self._verify_token = verify_token  # without the change feed
        self._last_keys = last_keys  # the list of the facts that are valid
        self.facts: Optional[Facts] = None  # as far as has been read
        self.whole = False  # facts is all there is, and not the beginning of it
        self.early = 0.0  # how much sooner than requested the service answered that nothing is new: too many clients wait
        self._token = ""
        self._renew_at = 0.0
        self._login: Optional[Future[str]] = None  # under way

    def ask(self, may_wait: bool) -> Optional[Reading]:
        """Sends one request and applies its answer; raises if the answer does not count.

        Returns the time of the request if the facts are current as of it, and None if there is more to read. may_wait says
        whether there is time to wait for something new.
        """
        self._credentials()
        staleness = self._changes.staleness
        cursor = "" if self.facts is None else self.facts.cursor
        # With a third of the time spent waiting, one answer may fail and the next still comes in time.
        wait = int(min(staleness * 0.3, _MAX_WAIT) * 1000) if self.whole and may_wait else 0
        self.early = 0.0
        asked = read_clocks()
        answer = self._client.request(
            _with_query(self._changes.url, {**({"after": cursor} if cursor else {}), "wait_ms": str(wait)}),
            headers={"Authorization": "Bearer " + self._token, "Accept": "application/json"},
            limit=_MAX_BODY,
            head_timeout=staleness * 0.8 if self.whole else _BEGINNING_TIMEOUT,
            body_timeout=_BODY_TIMEOUT,
        )
        if answer.status == 304:
            self.early = wait / 1000 - (time.monotonic() - asked.steady)
            self._nothing_new()
            return asked
        if answer.status != 200:
            raise self._refused(answer)
        self._take(answer.body, cursor)
        return asked if self.whole else None

    def forget(self) -> None:
        """Makes the next request ask for a snapshot. The current facts stay valid until their lease ends."""
        self.facts, self.whole = None, False

    def _nothing_new(self) -> None:
        """Applies a 304. It is not signed, so it counts only while the last statement is younger than MAX_AGE."""
        if not self.whole or self.facts is None:
            raise Malformed("answered 304 to a request without a cursor")
        if not self._now() - self.facts.signed <= MAX_AGE:
            self.forget()
            raise Outdated("the newest statement is older than a minute; do the clocks agree?")

    def _refused(self, answer: Answer) -> Failure:
        """Why an answer is no statement. A token that is no longer valid is dropped."""
        message = f"answered {answer.status}"
        if answer.status == 401:
            self._token = ""
        if answer.status == 429 and self.facts is not None:
            # This account sent too many cursors that the service does not know. A request without a cursor is answered.
            self.forget()
            return Failure(message)
        seconds = re.fullmatch(r"[0-9]{1,5}", answer.headers.get("Retry-After") or "")
        return Failure(message, answer.status in (401, 403, 404), float(seconds[0]) if seconds else 0.0)

    def _take(self, body: bytes, cursor: str) -> None:
        """Reads an answer; whole is true once all parts of a snapshot are read."""
        data = parse_object(body).get("data")
        if not isinstance(data, dict):
            raise Malformed("data is missing or no object")
        statement = self._statement(Reader(data).text("statement"), cursor)
        try:
            self.facts = Facts.after(self.facts, statement, self._changes)
        except BadFacts as error:
            self.forget()
            raise Failure(str(error), stubborn=True) from None
        self.whole = not statement.more

    def _statement(self, compact: str, asked: str) -> Statement:
        """Verifies and reads a statement.

        A key that is not in the last list may have been revoked, or be the new one of a service that has it in its settings
        and was started again. A JWK set that was asked for after the list says which.
        """
        unverified = parse_jws(compact, STATEMENT_TYPE)
        kid, last = unverified.kid, self._last_keys() if self.facts is None else self.facts.keys
        key = self._keys.get(kid) if last is None or accepts(last, kid) else self._keys.get_since(kid, last.heard)
        payload = unverified.verified(key)
        try:
            # The list is heard now and not before: the keys may have been fetched to verify this very statement.
            statement = parse_statement(payload, asked, *self._parties, kid, self._keys.clock())
        except BrokenChain:
            self.forget()
            raise
        check_age(statement, self._now())
        return statement

    def _credentials(self) -> None:
        """Gets a token if there is none, and a new one before the token expires."""
        if self._token and time.monotonic() < self._renew_at:
            return
        if self._login is None:
            self._login = _in_thread(self._changes.token)
        try:
            # A token that still counts is renewed in a short time, so that following does not wait for it.
            token: Any = self._login.result(self._changes.staleness / 2 if self._token else _BEGINNING_TIMEOUT)
            self._login = None
            if not isinstance(token, str) or not _TOKEN.fullmatch(token):
                raise ValueError("it is no text, or an empty one")
        except Exception as error:
            if not isinstance(error, FutureTimeout) or (self._login is not None and self._login.done()):
                self._login = None
            if self._token:
                self._renew_at = time.monotonic() + _RENEW_AGAIN
                return
            raise Failure(f"no token to ask for changes with: {str(error) or type(error).__name__}", stubborn=True) from None
        self._token = token
        life = _RENEW_UNREAD
        try:
            life = (self._verify_token(token).expires - self._now()) * 0.8
        except Exception:
            pass  # it is for the service to judge
        self._renew_at = time.monotonic() + life


def _in_thread(work: Callable[[], str]) -> Future[str]:
    """Starts work in a thread of its own."""
    result: Future[str] = Future()

    def run() -> None:
        try:
            result.set_result(work())
        except BaseException as error:
            result.set_exception(error)

    threading.Thread(target=run, name="svc-users-authn-login", daemon=True).start()
    return result


def _with_query(url: str, values: dict[str, str]) -> str:
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in values]
    return urlunsplit(parts._replace(query=urlencode([*kept, *values.items()])))
