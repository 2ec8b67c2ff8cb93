"""HTTP requests with bounds: time, size and redirects. Connections are kept between requests."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional
from urllib.parse import urljoin, urlsplit

# How many redirects are followed, all of them to the same origin.
_MAX_REDIRECTS = 3
# How many idle connections are kept.
_MAX_IDLE = 8


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes


class RequestFailed(Exception):
    """There is no whole answer within the bounds."""


class _Deadline:
    """When reading and writing must end, by the monotonic clock."""

    at = 0.0

    def left(self) -> float:
        left = self.at - time.monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        return left


class _Reader(io.RawIOBase):
    """Reads from a socket until a deadline, however slowly the bytes come."""

    def __init__(self, sock: socket.socket, deadline: _Deadline) -> None:
        self._sock, self._deadline = sock, deadline
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> Optional[int]:
        self._sock.settimeout(self._deadline.left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Socket:
    """What http.client uses of a socket, with a deadline for all of it."""

    def __init__(self, sock: socket.socket, deadline: _Deadline) -> None:
        self._sock, self._deadline = sock, deadline

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._sock, self._deadline))

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(self._deadline.left())
        self._sock.sendall(data)

    def close(self) -> None:
        self._sock.close()


class _Connection:
    """A connection to one origin."""

    def __init__(self, origin: tuple[str, str, Optional[int]], context: Optional[ssl.SSLContext]) -> None:
        scheme, host, port = origin
        self.origin = origin
        self.deadline = _Deadline()
        self.used = False
        self._sock: Optional[socket.socket] = None
        self.http = http.client.HTTPSConnection(host, port, context=context) if scheme == "https" else http.client.HTTPConnection(host, port)

    def connect(self) -> None:
        self.http.timeout = self.deadline.left()
        self.http.connect()
        sock: socket.socket = self.http.sock
        self._sock = sock
        self.http.sock = _Socket(sock, self.deadline)

    def abort(self) -> None:
        """Ends a request that is under way in another thread."""
        if self._sock is not None:
            try:
                socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended already


class Client:
    """Sends requests from any number of threads."""

    def __init__(self, context: Optional[ssl.SSLContext] = None) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._idle: list[_Connection] = []
        self._busy: set[_Connection] = set()

    def request(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        limit: int,
        head_timeout: float,
        body_timeout: Optional[float] = None,
        method: str = "GET",
        body: Optional[bytes] = None,
    ) -> Answer:
        """Sends one request and reads the whole answer, or raises RequestFailed.

        head_timeout is the seconds until the answer begins, and body_timeout from then until it is whole. A body longer than
        limit bytes is refused. Redirects to another origin are refused too: an open redirect on the issuer's host must not
        lead to an attacker's keys, or send a token to an attacker.
        """
        until = time.monotonic() + head_timeout
        try:
            for _ in range(_MAX_REDIRECTS + 1):
                answer = self._once(url, method, headers, body, until, body_timeout or head_timeout, limit)
                location = answer.headers.get("Location") if answer.status in (301, 302, 303, 307, 308) else None
                if location is None:
                    return answer
                target = urljoin(url, location)
                if method != "GET" or _origin(target) != _origin(url):
                    break
                url = target
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise RequestFailed(str(error) or type(error).__name__) from error
        raise RequestFailed("redirected to another place")

    def close(self) -> None:
        """Ends all requests under way and all connections."""
        with self._lock:
            idle, self._idle = self._idle, []
            busy = list(self._busy)
        for connection in busy:
            connection.abort()
        for connection in idle:
            connection.http.close()

    def __del__(self) -> None:
        for connection in self._idle:
            connection.http.close()

    def forget(self) -> None:
        """Leaves the connections to the parent process, after a fork."""
        self._lock = threading.Lock()
        self._idle, self._busy = [], set()

    def _once(
        self, url: str, method: str, headers: Mapping[str, str], body: Optional[bytes], until: float, body_timeout: float, limit: int
    ) -> Answer:
        while True:
            connection = self._take(_origin(url), until)
            reusable = False
            try:
                try:
                    if not connection.used:
                        connection.connect()
                    parts = urlsplit(url)
                    connection.http.request(method, (parts.path or "/") + ("?" + parts.query if parts.query else ""), body, dict(headers))
                    response = connection.http.getresponse()
                except (ConnectionError, http.client.HTTPException):
                    # The service may have closed a connection that was idle. Requests here may be sent twice.
                    if connection.used:
                        continue
                    raise
                connection.deadline.at = time.monotonic() + body_timeout
                raw = response.read(limit + 1)
                if len(raw) > limit:
                    raise ValueError("the answer is too long")
                reusable = response.isclosed() and not response.will_close
                return Answer(response.status, response.headers, raw)
            finally:
                self._give_back(connection, reusable)

    def _take(self, origin: tuple[str, str, Optional[int]], until: float) -> _Connection:
        with self._lock:
            connection = next((one for one in self._idle if one.origin == origin), None)
            if connection is None:
                connection = _Connection(origin, self._context)
            else:
                self._idle.remove(connection)
            connection.deadline.at = until
            self._busy.add(connection)
        return connection

    def _give_back(self, connection: _Connection, reusable: bool) -> None:
        with self._lock:
            self._busy.discard(connection)
            if reusable and len(self._idle) < _MAX_IDLE:
                connection.used = True
                self._idle.append(connection)
                return
        connection.http.close()


def _origin(url: str) -> tuple[str, str, Optional[int]]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port
