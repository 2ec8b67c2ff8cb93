"""Starts the built service for a test, on a temporary folder and a free port, and ends it again."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

# They only end what hangs, on however busy a machine; to end in good order a service has 25 seconds.
START_SECONDS = 600
STOP_SECONDS = 300

ADMIN = {"email": "admin@example.com", "password": "admin123"}

# What the service is told of itself: values that no default could explain.
ISSUER = "https://issuer.test"
AUDIENCE = "https://audience.test"

# The cost of the hashes that the service makes; the lowest it takes.
COST = 10


class Service:
    """A running `serve --demo` of the binary that SVC_USERS_BIN names, with settings beside its own; a context manager."""

    def __init__(self, **settings):
        self._settings = settings

    def __enter__(self):
        binary = os.environ.get("SVC_USERS_BIN")
        if not binary:
            raise RuntimeError("SVC_USERS_BIN must name the built binary (scripts/test-clients.sh sets it)")
        self._folder = tempfile.TemporaryDirectory(prefix="svc-users-clients-")
        folder = pathlib.Path(self._folder.name)
        self.database = folder / "data" / "svc-users.db"
        self._log = open(folder / "log", "w+", encoding="utf-8")
        port = free_port()
        self.origin = f"http://127.0.0.1:{port}"
        # The folder is also where the service runs, so that it reads no .env of a developer.
        self._process = subprocess.Popen(
            [binary, "serve", "--demo"],
            cwd=folder,
            env={
                "PATH": os.environ["PATH"],
                "HOST": "127.0.0.1",
                "PORT": str(port),
                "DATA_DIR": str(folder / "data"),
                "BCRYPT_COST": str(COST),
                "JWT_ISSUER": ISSUER,
                "JWT_AUDIENCE": AUDIENCE,
                **self._settings,
            },
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        try:
            self._wait_until_ready()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_):
        status, log = self._end()
        if status != 0:
            raise AssertionError(f"the service did not end on SIGTERM with status 0, but {status}:\n{log}")

    def _wait_until_ready(self):
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            try:
                with urllib.request.urlopen(self.origin + "/readyz", timeout=60):
                    return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("the service did not become ready:\n" + self._output())

    def _output(self):
        self._log.seek(0)
        return self._log.read()

    def _end(self):
        self._process.send_signal(signal.SIGTERM)
        try:
            status = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        log = self._output()
        self._log.close()
        self._folder.cleanup()
        return status, log

    def call(self, method, path, body=None, token=None):
        """Sends one request; returns the status and the decoded answer, whatever the status."""
        headers = {}
        if token is not None:
            headers["Authorization"] = "Bearer " + token
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        request = urllib.request.Request(self.origin + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=600) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as answer:
            return answer.code, json.load(answer)

    def login(self, email, password):
        """Logs in; returns the status and the token, which is None unless the status is 200."""
        status, answer = self.call("POST", "/api/v1/auth/login", {"email": email, "password": password})
        return status, answer["data"]["token"] if status == 200 else None

    def admin_token(self):
        """A token of the demo administrator."""
        status, token = self.login(**ADMIN)
        if status != 200:
            raise AssertionError(f"the demo administrator cannot log in: {status}")
        return token


def free_port():
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
