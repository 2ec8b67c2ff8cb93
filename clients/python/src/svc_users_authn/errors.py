"""Why a request is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional


class Refusal(Exception):
    """The reason why a request is refused.

    Its fields may be shown to the client; ``__cause__``, which is for the log alone, may not. Neither holds any part of a
    token.

    status       401, 403 or 503
    code         ``token_required``, ``invalid_token``, ``insufficient_scope`` or ``temporarily_unavailable``
    description  one sentence
    missing      with 403, the required permissions that the account does not hold
    retry_after  with 503, the seconds after which the client should try again; otherwise None
    """

    def __init__(self, status: int, code: str, description: str, missing: Sequence[str] = ()) -> None:
        super().__init__(description)
        self.status = status
        self.code = code
        self.description = description
        self.missing = tuple(missing)
        self.retry_after: Optional[int] = 1 if status == 503 else None


class InvalidToken(Exception):
    """The token is not valid. The message says why, for a log, and holds no part of the token."""


class KeysUnavailable(Exception):
    """The keys of the issuer cannot be fetched, so that a token cannot be verified. It may be valid."""


def token_required() -> Refusal:
    return Refusal(401, "token_required", "A bearer token is required.")


def invalid_token() -> Refusal:
    return Refusal(401, "invalid_token", "The access token is not valid.")


def unavailable() -> Refusal:
    return Refusal(503, "temporarily_unavailable", "The access token cannot be verified at the moment.")


def permissions_unknown() -> Refusal:
    return Refusal(503, "temporarily_unavailable", "The permissions of the account cannot be determined at the moment.")


def insufficient_scope(missing: Sequence[str]) -> Refusal:
    return Refusal(403, "insufficient_scope", "Missing required permission: " + ", ".join(missing), missing)
