"""JWK sets (RFC 7517)."""

from __future__ import annotations

import base64
import re
from typing import Any, NamedTuple, Optional

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

from ._json import Reader, is_texts, parse_object

# More than the service gives a key id, in bytes.
MAX_KID = 256

# NIST SP 800-131A asks for 2048 bits, and RFC 7518 section 3.3 too. The upper limit bounds the time to verify a signature.
_MIN_BITS, _MAX_BITS = 2048, 8192
# The least public exponent that FIPS 186-5 section 5.5 allows, and the largest that fits 31 bits.
_MIN_EXPONENT, _MAX_EXPONENT = 65537, (1 << 31) - 1
# The length in bytes of a coordinate of P-256.
_COORDINATE = 32


class PublicKey(NamedTuple):
    """A key of the issuer with its one algorithm, RS256 or ES256.

    A JWS is valid only under the algorithm of the key that its kid names (RFC 8725 section 3.1).
    """

    algorithm: str
    key: Any


def parse_keys(raw: bytes) -> dict[str, PublicKey]:
    """Reads a JWK set: the object with a member keys that both documents of the service are.

    Keys that are not for verifying RS256 or ES256, or too weak for it, are passed over, since others may be published
    beside ours. Two usable ones under one id are an error: nothing would say which is meant.
    """
    keys: dict[str, PublicKey] = {}
    for jwk in Reader(parse_object(raw)).objects("keys"):
        kid, key = jwk.members.get("kid"), _parse_key(jwk.members)
        if key is None or not isinstance(kid, str):
            continue
        if kid in keys:
            raise ValueError("two keys have the same id")
        keys[kid] = key
    if not keys:
        raise ValueError("no key for RS256 of 2048 bits or more, nor one for ES256, in the JWK set")
    return keys


def _parse_key(jwk: dict[str, Any]) -> Optional[PublicKey]:
    """None for a key that is not for verifying RS256 or ES256. The kind of the key decides which of the two."""
    kid = jwk.get("kid")
    if not isinstance(kid, str) or not kid or len(kid.encode()) > MAX_KID:
        return None
    operations = jwk.get("key_ops", ["verify"])
    if not is_texts(operations) or "verify" not in operations or jwk.get("use", "sig") != "sig":
        return None
    try:
        if jwk.get("kty") == "RSA" and jwk.get("alg", "RS256") == "RS256":
            return _rsa(jwk)
        if jwk.get("kty") == "EC" and jwk.get("alg", "ES256") == "ES256":
            return _p256(jwk)
    except ValueError:  # such as a point that is not on the curve
        return None
    return None


def _rsa(jwk: dict[str, Any]) -> Optional[PublicKey]:
    """n and e (RFC 7518 section 6.3), unless the key is too weak or too long."""
    n, e = _unsigned(jwk.get("n")), _unsigned(jwk.get("e"))
    if n is None or e is None or not _MIN_BITS <= n.bit_length() <= _MAX_BITS or n % 2 == 0:
        return None
    if not _MIN_EXPONENT <= e <= _MAX_EXPONENT or e % 2 == 0:
        return None
    return PublicKey("RS256", RSAPublicNumbers(e, n).public_key())


def _p256(jwk: dict[str, Any]) -> Optional[PublicKey]:
    """crv, x and y (RFC 7518 section 6.2.1). Raises ValueError for a point that is not on the curve."""
    x, y = decode_part(jwk.get("x")), decode_part(jwk.get("y"))
    if jwk.get("crv") != "P-256" or x is None or y is None or not len(x) == len(y) == _COORDINATE:
        return None
    return PublicKey("ES256", EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), SECP256R1()).public_key())


def _unsigned(value: object) -> Optional[int]:
    """A number as RFC 7518 section 2 writes it (Base64urlUInt): without zero bytes before it."""
    raw = decode_part(value)
    return None if raw is None or raw[0] == 0 else int.from_bytes(raw, "big")


_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


def decode_part(part: object) -> Optional[bytes]:
    """The bytes of base64url without padding. Some bytes have several spellings; only the canonical one is accepted."""
    if not isinstance(part, str) or not _BASE64URL.fullmatch(part):
        return None
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        return None
    return raw if raw and base64.urlsafe_b64encode(raw).rstrip(b"=").decode() == part else None
