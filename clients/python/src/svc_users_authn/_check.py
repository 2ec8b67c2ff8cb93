"""The access check of svc-users: what an account may do now."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Sequence
from typing import Union

from ._http import Client, RequestFailed
from ._json import Malformed, Reader, parse_object
from .errors import InvalidToken, invalid_token, permissions_unknown

# Seconds that a request of a client waits for the check.
_TIMEOUT = 5.0
# How many checks run at once; further requests are refused, so that a slow service does not gather them.
MAX_AT_ONCE = 64
# Enough for a thousand names of the longest kind.
_MAX_BODY = 1 << 20
# The least time in seconds between two warnings.
_WARN_INTERVAL = 10.0


class AccessCheck:
    """Asks ``POST /api/v1/auth/check`` with the token of the account itself, which needs no permission."""

    def __init__(self, url: Union[str, bool], client: Client, logger: logging.Logger) -> None:
        self._url, self._client, self._logger = url, client, logger
        self._warned = float("-inf")
        self.reset()

    def reset(self) -> None:
        """Forgets the checks under way, whose threads a fork has left behind."""
        self._turns = threading.BoundedSemaphore(MAX_AT_ONCE)

    def allowed(self, token: str, account: str, names: Sequence[str]) -> list[str]:
        """Those of the names that the account may use now.

        Raises a Refusal: 401 if the service refuses the token, 503 if it does not say.
        """
        try:
            if not isinstance(self._url, str):
                raise RequestFailed("the token had no room for its permissions, and check is False")
            if not self._turns.acquire(blocking=False):
                raise RequestFailed(f"{MAX_AT_ONCE} access checks are under way")
            try:
                return self._ask(self._url, token, account, names)
            finally:
                self._turns.release()
        except InvalidToken as error:
            raise invalid_token() from error
        except (RequestFailed, Malformed) as error:
            now = time.monotonic()
            if now - self._warned >= _WARN_INTERVAL:
                self._warned = now
                self._logger.warning("access check failed: %s", error)
            raise permissions_unknown() from error

    def _ask(self, url: str, token: str, account: str, names: Sequence[str]) -> list[str]:
        answer = self._client.request(
            url,
            method="POST",
            headers={"Authorization": "Bearer " + token, "Content-Type": "application/json", "Accept": "application/json"},
            body=json.dumps({"permissions": list(names)}).encode(),
            limit=_MAX_BODY,
            head_timeout=_TIMEOUT,
        )
        if answer.status == 401:
            raise InvalidToken("svc-users refuses the token")
        if answer.status != 200:
            raise RequestFailed(f"answered {answer.status}")
        return read_answer(answer.body, account, names)


def read_answer(body: bytes, account: str, names: Sequence[str]) -> list[str]:
    """The names that an answer allows. An answer about another account or other names is none."""
    data = parse_object(body).get("data")
    if not isinstance(data, dict):
        raise Malformed("data is missing or no object")
    members = Reader(data)
    if members.id("account_id") != account:
        raise Malformed("account_id is another account")
    if not members.flag("is_active"):
        return []
    told = members.objects("permissions")
    if [one.text("name") for one in told] != list(names):
        raise Malformed("permissions are not those of the request")
    return [name for name, one in zip(names, told) if one.flag("allowed")]
