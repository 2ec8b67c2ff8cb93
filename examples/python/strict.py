"""Reads a token as strictly as svc-users itself does: what has two readings has none."""

import base64
import json
import re

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NO_UUID = "00000000-0000-0000-0000-000000000000"
LEEWAY = 30  # seconds that the clocks may be apart
LATEST = 253402300799  # the last second of the year 9999


class Malformed(ValueError):
    """The token is none."""


def parts(token):
    """The header and the payload of a compact JWS (RFC 7515), whose signature is not looked at."""
    pieces = token.split(".")
    if len(pieces) != 3:
        raise Malformed("not three parts")
    header, payload, _ = (decoded(piece) for piece in pieces)
    return members(header), payload


def decoded(piece):
    """The bytes of a part. base64 has several spellings of the same bytes; only the canonical one is accepted."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", piece):
        raise Malformed("not base64url")
    try:
        raw = base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4))
    except ValueError:
        raise Malformed("not base64url") from None
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != piece:
        raise Malformed("not in the one spelling")
    return raw


def members(raw):
    """The members of one JSON object: valid UTF-8, no member twice, no half of a character."""
    try:
        value = json.loads(raw.decode(), object_pairs_hook=once, parse_int=integer, parse_constant=refuse)
        json.dumps(value, ensure_ascii=False).encode()  # fails on half a character
    except (ValueError, RecursionError):
        raise Malformed("not strict JSON") from None
    if not isinstance(value, dict):
        raise Malformed("no object")
    return value


def once(pairs):
    if len({name for name, _ in pairs}) != len(pairs):
        raise Malformed("duplicate member")
    return dict(pairs)


def refuse(constant):
    raise Malformed(constant + " is no JSON")


def integer(digits):
    """An integer of 64 bits; a larger one is none, and of no use."""
    value = int(digits) if len(digits) <= 20 else 1 << 64
    return value if -(1 << 63) <= value < 1 << 63 else float(digits)


def check_claims(claims, issuer, audience, now):
    """Raises Malformed unless every claim that svc-users writes is there, of its type, and good now."""
    if claims.get("iss") != issuer:
        raise Malformed("another issuer")
    aud = claims.get("aud")
    if aud != audience and not (texts(aud) and audience in aud):
        raise Malformed("another audience")
    ids = [claims.get("sub"), claims.get("jti"), *([claims["role_id"]] if "role_id" in claims else [])]
    if not all(isinstance(text, str) and UUID.fullmatch(text) and text != NO_UUID for text in ids):
        raise Malformed("an id is none")
    times = [claims.get(name) for name in ("iat", "nbf", "exp")]
    if not all(type(time) is int and 1 <= time <= LATEST for time in times):
        raise Malformed("a time is none")
    if type(claims.get("ver")) is not int or claims["ver"] < 1:
        raise Malformed("ver is no version")
    if not isinstance(claims.get("email"), str) or not claims["email"]:
        raise Malformed("there is no e-mail")
    if not texts(claims.get("roles")) or not claims["roles"] or not texts(claims.get("permissions")):
        raise Malformed("roles or permissions are no texts")
    if type(claims.get("permissions_omitted", False)) is not bool:
        raise Malformed("permissions_omitted is neither true nor false")
    issued, not_before, expires = times
    if now >= expires + LEEWAY or now < not_before - LEEWAY or now < issued - LEEWAY:
        raise Malformed("not good at this time")


def texts(value):
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
