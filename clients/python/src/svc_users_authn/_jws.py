"""Compact JWS (RFC 7515), parsed by hand as strictly as svc-users does; PyJWT verifies the signature."""

from __future__ import annotations

from typing import NamedTuple

import jwt

from ._json import Malformed, parse_object
from ._jwks import PublicKey, decode_part
from .errors import InvalidToken

# The header typ of a token of a person, of a service account (RFC 9068), and of a statement of the change feed.
TOKEN_TYPE = "JWT"
SERVICE_TYPE = "at+jwt"
STATEMENT_TYPE = "changes+jwt"

# The longest token, in bytes, that the service issues or reads.
MAX_TOKEN = 8 * 1024

_ALGORITHMS = ("RS256", "ES256")
_signatures = jwt.PyJWS(algorithms=list(_ALGORITHMS))


class Unverified(NamedTuple):
    """A JWS whose signature is not verified yet."""

    compact: str
    algorithm: str
    typ: str
    kid: str
    payload: bytes

    def verified(self, key: PublicKey) -> bytes:
        """The payload, once the signature is verified: the algorithm is that of the key."""
        if self.algorithm != key.algorithm:
            raise InvalidToken("alg is not that of the key")
        try:
            _signatures.decode(self.compact, key.key, algorithms=[key.algorithm])
        except jwt.PyJWTError:
            raise InvalidToken("signature does not match") from None
        return self.payload


def parse_jws(compact: str, *types: str) -> Unverified:
    """Parses a compact JWS whose header typ must be one of these.

    A header member beside alg, typ and kid is refused rather than passed over: the service writes none, and crit, b64, jwk,
    jku and x5u exist only to change what is verified, or by what.
    """
    parts = compact.split(".")
    header, payload, signature = (decode_part(part) for part in parts) if len(parts) == 3 else (None, None, None)
    if header is None or payload is None or signature is None:
        raise InvalidToken("not three base64url parts")
    try:
        members = parse_object(header)
    except Malformed:
        raise InvalidToken("header is not a JSON object") from None
    if not members.keys() <= {"alg", "typ", "kid"}:
        raise InvalidToken("header has members beside alg, typ and kid")
    algorithm, typ, kid = members.get("alg"), members.get("typ"), members.get("kid")
    if not isinstance(algorithm, str) or algorithm not in _ALGORITHMS:
        raise InvalidToken("alg is not that of the key")
    if not isinstance(typ, str) or typ not in types:
        raise InvalidToken("typ is not one of those expected")
    if not isinstance(kid, str) or not kid:
        raise InvalidToken("kid names no key of the issuer")
    return Unverified(compact, algorithm, typ, kid, payload)
