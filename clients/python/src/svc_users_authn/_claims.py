"""The claims of an access token (RFC 7519)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, Optional

from ._actor import ActClaim, read_actor
from ._json import Reader, is_texts, parse_object
from ._jws import SERVICE_TYPE
from .errors import InvalidToken

# A name of a permission: a scope token (RFC 6749 section 3.3) of at most 100 characters.
_NAME = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,100}")

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
    email: Optional[str]  # None in tokens of service accounts
    role: Optional[str]  # None in tokens from before there was that claim
    roles: list[str]  # empty in tokens with a scope, and in exchanged ones
    permissions: list[str]
    permissions_omitted: bool
    prefix: Optional[str]  # claim permission_prefix of a token for a declared audience: it has the permissions with it alone
    session: Optional[str]  # None in tokens without a session
    service: bool  # of a service account (RFC 9068)
    scope: Optional[tuple[str, ...]]  # what the token is restricted to, sorted; None if it is not
    exchanged: bool = False  # issued for another credential, and no more than that
    api_key: Optional[str] = None  # id of the API key that it was issued for
    act: Optional[ActClaim] = None  # who acts for the account

    def limit(self, permissions: Sequence[str]) -> Sequence[str]:
        """Those of the permissions that the token may have: with its prefix, and in its scope."""
        if self.prefix is not None:
            permissions = tuple(name for name in permissions if name.startswith(self.prefix))
        return permissions if self.scope is None else tuple(name for name in permissions if name in self.scope)


def read_claims(payload: bytes, typ: str, issuer: str, audience: str) -> Claims:
    """Reads a payload whose signature is verified, of a token with this typ; raises Malformed or InvalidToken.

    Every claim that the service writes must be there and of its type, and none of a token of the other typ; claims that it does not write today are left unread
    (RFC 7519 section 4), so that a later version can add some.
    """
    members = Reader(parse_object(payload))
    check_parties(members, issuer, audience)
    exchanged = members.flag("exchanged")
    service = typ == SERVICE_TYPE and not (exchanged and "email" in members)
    claims = Claims(
        account=members.id("sub"),
        token_id=members.id("jti"),
        issued_at=members.time("iat"),
        not_before=members.time("nbf"),
        expires=members.time("exp"),
        version=members.integer("ver"),
        email=None if service else members.text("email"),
        role=members.id("role_id") if "role_id" in members else None,
        roles=members.texts("roles"),
        permissions=members.texts("permissions"),
        permissions_omitted=members.flag("permissions_omitted"),
        prefix=members.text("permission_prefix") if "permission_prefix" in members else None,
        session=members.id("sid") if "sid" in members else None,
        service=service,
        scope=_read_scope(members.text("scope")) if "scope" in members else None,
        exchanged=exchanged,
        api_key=members.id("api_key_id") if "api_key_id" in members else None,
        act=read_actor(members),
    )
    if claims.version < 1:
        raise InvalidToken("ver is below 1")
    if claims.prefix == "":
        raise InvalidToken("permission_prefix is empty")
    if typ != SERVICE_TYPE:
        _check_person(claims, members)
    elif exchanged:
        _check_exchanged(claims, members)
    else:
        _check_service(claims, members)
    return claims


def _check_person(claims: Claims, members: Reader) -> None:
    if not claims.email:
        raise InvalidToken("email is empty")
    if not claims.roles:
        raise InvalidToken("roles is empty")
    if "client_id" in members or "scope" in members or claims.exchanged or _has_exchange(claims):
        raise InvalidToken("the claims are not those of a person")


def _check_service(claims: Claims, members: Reader) -> None:
    """A token with a scope has no roles."""
    foreign = "email" in members or "sid" in members or _has_exchange(claims)
    if members.text("client_id") != claims.account or claims.role is None or foreign:
        raise InvalidToken("the claims are not those of a service account")
    if (claims.scope is None) != bool(claims.roles):
        raise InvalidToken("roles is empty, or is beside a scope")


def _has_exchange(claims: Claims) -> bool:
    return claims.api_key is not None or claims.act is not None


def _check_exchanged(claims: Claims, members: Reader) -> None:
    """One of a person has an e-mail, one of a service account belongs to no session, and none has roles."""
    if claims.email == "":
        raise InvalidToken("email is empty")
    if claims.role is None or (claims.service and claims.session is not None):
        raise InvalidToken("the claims are not those of an exchanged token")
    if members.text("client_id") != (claims.account if claims.act is None else claims.act.account):
        raise InvalidToken("client_id is not the account that got the token")
    if claims.roles:
        raise InvalidToken("roles of an exchanged token")


def _read_scope(text: str) -> tuple[str, ...]:
    """Sorted names, each once, with one space between them."""
    names = text.split(" ")
    if not all(_NAME.fullmatch(name) for name in names) or names != sorted(set(names)):
        raise InvalidToken("scope is not sorted names with one space between them")
    return tuple(names)


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
