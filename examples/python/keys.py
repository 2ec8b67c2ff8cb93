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


class NoKeys(Exception):
    """The keys cannot be fetched."""


class Keys:
    """The keys of a JWK set, fetched when they are first needed, when they are old, and when a new one is asked for."""

    def __init__(self, url, clock=time.monotonic):
        self._url, self._clock = url, clock
        self._lock = threading.Lock()
        self._known, self._until = {}, 0.0  # the keys, and until when they are fresh
        self._unknown, self._retry = 0.0, 0.0  # before: none for unknown ids; none at all after a failure

    def get(self, kid):
        """The key with this id, or None; raises NoKeys."""
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
                known = {key.key_id: key.key for key in jwt.PyJWKSet.from_dict(json.load(answer)).keys}
        except Exception as error:  # whatever it is, there are no keys: fail closed
            self._retry = self._clock() + COOL_DOWN_WITHOUT
            raise NoKeys from error
        self._known, self._until, self._unknown = known, now + KEEP, now + COOL_DOWN
