"""Keeps the keys of an issuer (RFC 7517)."""

import json
import threading
import time
import urllib.request

import jwt

KEEP = 300  # seconds, which is what the service's Cache-Control says
# The least time between two requests that unknown key ids cause: any client can send tokens with made-up ids.
COOL_DOWN = 10
# The same while there are no keys, and every request is refused.
COOL_DOWN_WITHOUT = 1
TIMEOUT = 5

# The one algorithm of a key, by its kind (RFC 7518 section 3.1). It is never taken from a token.
ALGORITHMS = {"RSA": "RS256", "EC": "ES256"}


class NoKeys(Exception):
    """The keys cannot be fetched."""


def usable(jwk):
    """The algorithm and the key of a JWK that is for RS256, or on P-256 for ES256; None for any other."""
    kind = jwk.get("kty")
    algorithm = ALGORITHMS.get(kind) if isinstance(kind, str) else None
    if algorithm is None or jwk.get("alg", algorithm) != algorithm or jwk.get("use", "sig") != "sig":
        return None
    if kind == "EC" and jwk.get("crv") != "P-256":
        return None
    try:
        return algorithm, jwt.PyJWK(jwk, algorithm).key
    except (jwt.PyJWTError, ValueError):  # ValueError: a point that is not on the curve
        return None


class Keys:
    """The keys of a JWK set, fetched when they are first needed, when they are old, and when a new one is asked for."""

    def __init__(self, url, clock=time.monotonic):
        self._url, self._clock = url, clock
        self._lock = threading.Lock()
        self._known, self._until = {}, 0.0  # the keys, and until when they are fresh
        self._unknown, self._retry = 0.0, 0.0  # before: none for unknown ids; none at all after a failure

    def get(self, kid):
        """The algorithm and the key with this id, or None; raises NoKeys."""
        known = self._known
        if kid in known and self._clock() < self._until:
            return known[kid]  # without waiting for a request that another id has caused
        # Threads that come while the keys are fetched wait for the lock, and then find the key.
        with self._lock:
            now = self._clock()
            if now >= self._until:
                self._fetch(now)
            elif kid not in self._known and now >= self._unknown:
                self._unknown = now + COOL_DOWN  # also where the request fails
                self._fetch(now)
            return self._known.get(kid)

    def _fetch(self, now):
        if now < self._retry:
            raise NoKeys
        try:
            with urllib.request.urlopen(self._url, timeout=TIMEOUT) as answer:
                known = {jwk["kid"]: key for jwk in json.load(answer)["keys"] if (key := usable(jwk))}
            if not known:
                raise NoKeys
        except Exception as error:  # whatever it is, there are no keys: fail closed
            self._retry = self._clock() + COOL_DOWN_WITHOUT
            raise NoKeys from error
        self._known, self._until, self._unknown = known, now + KEEP, now + COOL_DOWN
