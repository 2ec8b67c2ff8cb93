"""Verifies the tokens of svc-users with PyJWT, and returns their claims."""

import time

import jwt

from keys import ALGORITHMS, Keys, NoKeys
from strict import Malformed, check_claims, members, parts

MAX_TOKEN = 8 * 1024


class Refusal(Exception):
    """Why a request is refused: a status, a message, and the value of WWW-Authenticate (RFC 6750 section 3), if any."""

    def __init__(self, status, message, challenge=None):
        super().__init__(message)
        self.status = status
        self.challenge = challenge


def invalid():
    return Refusal(401, "The access token is not valid.", 'Bearer error="invalid_token"')


class Verifier:
    """Verifies tokens by the keys of one issuer. now returns seconds since 1970, and is replaced in tests."""

    def __init__(self, jwks, issuer, audience, now=time.time):
        self._keys, self._now = Keys(jwks), now
        self._issuer, self._audience = issuer, audience

    def verify(self, authorization, permission=None):
        """Returns the claims of a request with these Authorization headers, or raises Refusal."""
        claims = self._verified(bearer(authorization))
        if permission is not None and permission not in claims["permissions"]:
            why = "Missing required permission: " + permission
            if claims.get("permissions_omitted"):
                why = "The access token had no room for its permissions; ask svc-users (POST /api/v1/auth/check)."
            raise Refusal(403, why, f'Bearer error="insufficient_scope", scope="{permission}"')
        return claims

    def _verified(self, token):
        try:
            header, payload = parts(token)
            # The expected values are fixed here: the header says only which key it is, and the key which algorithm.
            alg, kid = header.get("alg"), header.get("kid")
            if header != {"alg": alg, "typ": "JWT", "kid": kid} or not isinstance(kid, str) or not kid:
                raise Malformed("another header")
            if alg not in ALGORITHMS.values():
                raise Malformed("another algorithm")
            # Last, since it may cost a request, which malformed tokens must not cause.
            algorithm, key = self._keys.get(kid) or (None, None)
            if alg != algorithm:
                raise Malformed("another key, or not its algorithm")
            jwt.api_jws.decode(token, key, algorithms=[algorithm])  # the signature alone
            claims = members(payload)
            check_claims(claims, self._issuer, self._audience, self._now())
        except (Malformed, jwt.PyJWTError):
            raise invalid() from None
        except NoKeys as error:
            raise Refusal(503, "The keys are unavailable at the moment.") from error
        return claims


def bearer(authorization):
    """The token of the one Authorization header."""
    if not authorization:
        raise Refusal(401, "A bearer token is required.", "Bearer")
    scheme, _, token = authorization[0].partition(" ")
    token = token.strip(" ")
    if len(authorization) != 1 or scheme.lower() != "bearer" or not token or len(token) > MAX_TOKEN:
        raise invalid()
    return token
