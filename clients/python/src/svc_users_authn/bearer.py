"""Bearer tokens in requests, and refusals in responses (RFC 6750)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import NamedTuple

from .errors import Refusal

_BEARER = re.compile(r"bearer +(.+)", re.IGNORECASE | re.DOTALL)

# RFC 6749 section 3.3: printable ASCII without space, quote and backslash.
_SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


class Response(NamedTuple):
    """What a refused request is answered."""

    status: int
    headers: dict[str, str]
    body: bytes


def read_tokens(authorization: Sequence[str]) -> list[str]:
    """The tokens of Authorization headers.

    A token is what follows the scheme Bearer, in any case, and the spaces after it (RFC 9110 section 11.4). Headers of other
    schemes have none.
    """
    return [match[1] for match in map(_BEARER.fullmatch, authorization) if match]


def scope_tokens(permissions: Sequence[str]) -> Sequence[str]:
    """Checks names of permissions. Raises ValueError for one that is none: it is a mistake of the program."""
    if isinstance(permissions, str):
        raise ValueError("svc_users_authn: permissions must be a list of names, not one text")
    for name in permissions:
        if not isinstance(name, str) or not _SCOPE_TOKEN.fullmatch(name):
            raise ValueError(f"svc_users_authn: {name!r} is no permission")
    return tuple(dict.fromkeys(permissions))


def describe_refusal(refusal: Refusal, required: Sequence[str] = ()) -> Response:
    """The response to a refused request that needs these permissions.

    WWW-Authenticate has an error code for an invalid token, and none without a token. The body is
    ``{"error":"invalid_token","error_description":"The access token is not valid."}``.
    """
    headers = {"Cache-Control": "no-store", "Content-Type": "application/json", "X-Content-Type-Options": "nosniff"}
    if refusal.status == 503:
        headers["Retry-After"] = str(refusal.retry_after)
    elif refusal.code == "insufficient_scope":
        headers["WWW-Authenticate"] = f'Bearer error="insufficient_scope", scope="{" ".join(required)}"'
    else:
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"' if refusal.code == "invalid_token" else "Bearer"
    body = {"error": refusal.code, "error_description": refusal.description}
    return Response(refusal.status, headers, json.dumps(body, separators=(",", ":")).encode())
