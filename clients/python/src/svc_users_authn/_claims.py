"""The claims of an access token (RFC 7519)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Optional

from ._json import Reader, is_texts, parse_object
from .errors import InvalidToken

# How far the clock here and the service's may be apart, in seconds; the service itself allows as much.
LEEWAY = 30


class Claims(NamedTuple):
    """The claims without issuer and audience. Times are seconds since 1970."""

    account: str
    token_id: str
    issued_at: int
    not_before: int
    expires: int
    version: int
    email: str
    role: Optional[str]  # None in tokens from before there was that claim
    roles: list[str]
    permissions: list[str]
    permissions_omitted: bool
    prefix: Optional[str]  # claim permission_prefix of a token for a declared audience: it has the permissions with it alone
    session: Optional[str]  # None in tokens without a session

    def within_prefix(self, permissions: Sequence[str]) -> Sequence[str]:
        """Those of the permissions that the token may have."""
        if self.prefix is None:
            return permissions
        return tuple(name for name in permissions if name.startswith(self.prefix))


def read_claims(payload: bytes, issuer: str, audience: str) -> Claims:
    """Reads a payload whose signature is verified; raises Malformed or InvalidToken.

    Every claim that the service writes must be there and of its type; claims that it does not write today are left unread
    (RFC 7519 section 4), so that a later version can add some.
    """
    members = Reader(parse_object(payload))
    check_parties(members, issuer, audience)
    claims = Claims(
        account=members.id("sub"),
        token_id=members.id("jti"),
        issued_at=members.time("iat"),
        not_before=members.time("nbf"),
        expires=members.time("exp"),
        version=members.integer("ver"),
        email=members.text("email"),
        role=members.id("role_id") if "role_id" in members else None,
        roles=members.texts("roles"),
        permissions=members.texts("permissions"),
        permissions_omitted=members.flag("permissions_omitted"),
        prefix=members.text("permission_prefix") if "permission_prefix" in members else None,
        session=members.id("sid") if "sid" in members else None,
    )
    if claims.version < 1:
        raise InvalidToken("ver is below 1")
    if not claims.email:
        raise InvalidToken("email is empty")
    if claims.prefix == "":
        raise InvalidToken("permission_prefix is empty")
    if not claims.roles:
        raise InvalidToken("roles is empty")
    return claims


def check_parties(members: Reader, issuer: str, audience: str) -> None:
    """Raises InvalidToken unless a payload is from this issuer for this audience."""
    if members.members.get("iss") != issuer:
        raise InvalidToken("iss is not the issuer")
    aud = members.members.get("aud")
    if aud != audience and not (is_texts(aud) and audience in aud):  # type: ignore[operator]
        raise InvalidToken("aud does not name the audience")


def check_times(claims: Claims, now: float) -> None:
    """Raises InvalidToken unless the claims are valid at now, in seconds since 1970."""
    if not now < claims.expires + LEEWAY:
        raise InvalidToken("expired")
    if not (now >= claims.not_before - LEEWAY and now >= claims.issued_at - LEEWAY):
        raise InvalidToken("not valid yet")
