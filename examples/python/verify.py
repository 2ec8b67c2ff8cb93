"""Verifies the tokens of svc-users with PyJWT, and says what their bearers may do."""

import jwt

CLAIMS = ["iss", "aud", "sub", "iat", "nbf", "exp", "jti", "ver", "email", "roles", "permissions"]
MAX_TOKEN = 8 * 1024


class Refusal(Exception):
    """Why a request is refused: a status, and what WWW-Authenticate says of it (RFC 6750 section 3)."""

    def __init__(self, status, message, challenge=None):
        super().__init__(message)
        self.status = status
        self.challenge = challenge


def invalid():
    return Refusal(401, "The access token is not valid.", 'Bearer error="invalid_token"')


class Verifier:
    """Verifies tokens by the keys of one issuer, which are fetched when they are first needed and kept."""

    def __init__(self, jwks, issuer, audience):
        self._keys = jwt.PyJWKClient(jwks, cache_jwk_set=True, lifespan=300)
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
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError:
            raise invalid() from None
        # What is expected is pinned here: of the header nothing but the key's name decides anything.
        if header.get("typ") != "JWT" or header.get("alg") != "RS256" or set(header) != {"alg", "typ", "kid"}:
            raise invalid()
        try:
            claims = jwt.decode(
                token,
                self._key(header["kid"]),
                algorithms=["RS256"],
                issuer=self._issuer,
                audience=self._audience,
                leeway=30,
                options={"require": CLAIMS},
            )
        except jwt.InvalidTokenError:
            raise invalid() from None
        if not strings(claims["roles"]) or not strings(claims["permissions"]):
            raise invalid()
        return claims

    def _key(self, kid):
        try:
            known = {key.key_id: key for key in self._keys.get_signing_keys()}
        except Exception as error:  # whatever it is, there are no keys: fail closed
            raise Refusal(503, "The keys cannot be had at the moment.") from error
        # A new key is known when the old answer has aged; a made-up name must not cause a request each time.
        if not isinstance(kid, str) or kid not in known:
            raise invalid()
        return known[kid].key


def strings(value):
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def bearer(authorization):
    """The token of the one Authorization header."""
    if not authorization:
        raise Refusal(401, "A bearer token is required.", "Bearer")
    scheme, _, token = authorization[0].partition(" ")
    token = token.strip(" ")
    if len(authorization) != 1 or scheme.lower() != "bearer" or not token or len(token) > MAX_TOKEN:
        raise invalid()
    return token
