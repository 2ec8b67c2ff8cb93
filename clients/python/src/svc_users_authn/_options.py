"""The options of a Verifier, and their checks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Optional, Union
from urllib.parse import urlsplit

REFUSE = "refuse"
TOKENS_ALONE = "tokens-alone"

_MIN_STALENESS = 0.2


@dataclass(frozen=True)
class Changes:
    """How a started Verifier follows the service's change feed.

    url              the URL of the feed, https://users.example/api/v1/auth/changes
    token            returns a new token of an account with the permission changes:read, for instance by logging in; called in
                     a thread of its own at the start, when most of the last token's life is over, and when the service
                     refuses the last token; never twice at the same time
    staleness        the longest time in seconds for which a revoked right can still be used; 0.2 at least
    when_lost        how requests are decided while the feed is lost: "refuse" answers 503, so that no revoked right can be
                     used; "tokens-alone" uses the rights in the tokens, as if the feed were not followed, and tokens that
                     were known to be invalid before stay invalid
    on_lost          called with the reason when the feed is lost, which is staleness after the last valid answer
    on_found         called when the feed is up to date, for the first time or again
    max_accounts     bounds the number of accounts whose tokens may be out of date and of sessions that have ended
    max_roles, max_permissions
                     bound the numbers of roles and permissions
    max_assignments  bounds the sum of the permissions of all roles, without inherited ones

    With more than a bound allows the feed counts as lost.
    """

    url: str
    token: Callable[[], str]
    staleness: float = 1.0
    when_lost: str = REFUSE
    on_lost: Optional[Callable[[str], object]] = None
    on_found: Optional[Callable[[], object]] = None
    max_accounts: int = 1_000_000
    max_roles: int = 250_000
    max_permissions: int = 250_000
    max_assignments: int = 5_000_000

    def __post_init__(self) -> None:
        must(is_absolute_url(self.url), "url of changes must be an absolute http or https URL without credentials")
        must(callable(self.token), "token of changes must be a function that returns a token")
        is_number = isinstance(self.staleness, (int, float)) and math.isfinite(self.staleness)
        must(is_number and self.staleness >= _MIN_STALENESS, f"staleness must be {_MIN_STALENESS} seconds at least")
        must(self.when_lost in (REFUSE, TOKENS_ALONE), f"when_lost must be {REFUSE!r} or {TOKENS_ALONE!r}")
        for name in ("on_lost", "on_found"):
            must(getattr(self, name) is None or callable(getattr(self, name)), f"{name} must be a function")
        for name in ("max_accounts", "max_roles", "max_permissions", "max_assignments"):
            must(type(getattr(self, name)) is int and getattr(self, name) > 0, f"{name} must be a positive integer")


def must(holds: bool, what: str) -> None:
    """Raises ValueError, which names the wrong option."""
    if not holds:
        raise ValueError("svc_users_authn: " + what)


def is_absolute_url(text: object) -> bool:
    """Whether a text is a URL to ask over HTTP, without credentials and fragment."""
    if not isinstance(text, str) or "#" in text or not text.isascii() or any(c <= " " for c in text):
        return False
    try:
        url = urlsplit(text)
        return url.scheme in ("http", "https") and bool(url.hostname) and "@" not in url.netloc and url.port != 0
    except ValueError:
        return False


_KEY_PATHS = ("/.well-known/jwks.json", "/api/v1/auth/jwks")


def check_beside(jwks: str) -> Union[str, bool]:
    """The access check of the service that publishes its keys at this URL, or False for a URL that is none of its two."""
    for path in _KEY_PATHS:
        if jwks.endswith(path):
            return jwks[: -len(path)] + "/api/v1/auth/check"
    return False


def check_options(jwks: str, issuer: str, audience: str, changes: Optional[Changes], check: Union[str, bool, None], now: object) -> Union[str, bool]:
    """Checks the options of a Verifier and returns the URL of the access check, or False."""
    must(is_absolute_url(jwks), "jwks must be an absolute http or https URL without credentials")
    must(isinstance(issuer, str) and issuer != "", "issuer must be set")
    must(isinstance(audience, str) and audience != "", "audience must be set")
    must(changes is None or isinstance(changes, Changes), "changes must be a Changes")
    check = check_beside(jwks) if check is None else check
    must(check is False or is_absolute_url(check), "check must be an absolute http or https URL without credentials, or False")
    must(callable(now), "now must be a function")
    return check
