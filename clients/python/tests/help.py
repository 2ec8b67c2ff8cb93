"""Issuers, feeds and tokens for the tests, which tell of changes as svc-users does, and wrongly where a test wants it to."""

import base64
import concurrent.futures
import hashlib
import http.server
import json
import logging
import threading
import time
import urllib.parse

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from svc_users_authn import Changes, Refusal, Verifier

ISSUER, AUDIENCE = "https://id.example.com", "https://api.example.com"
ADA = "0199e7a0-0000-7000-8000-0000000000a1"
BOB = "0199e7a0-0000-7000-8000-0000000000b1"
MANAGER = "0199e7a0-0000-7000-8000-00000000c001"
USER = "0199e7a0-0000-7000-8000-00000000c002"

# A wait only ends what hangs: it is far longer than anything takes that works, on however busy a machine.
PATIENCE = 600

SILENT = logging.getLogger("svc_users_authn.tests")
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False


def encode(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def encode_int(number, size=None):
    return encode(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))


class Key:
    """A key with its id; kind is rsa or ec."""

    def __init__(self, kid, kind="ec", bits=2048):
        self.kid, self.kind = kid, kind
        if kind == "rsa":
            self.private, self.alg = rsa.generate_private_key(65537, bits), "RS256"
            numbers = self.private.public_key().public_numbers()
            members = {"kty": "RSA", "n": encode_int(numbers.n), "e": encode_int(numbers.e)}
        else:
            self.private, self.alg = ec.generate_private_key(ec.SECP256R1()), "ES256"
            numbers = self.private.public_key().public_numbers()
            members = {"kty": "EC", "crv": "P-256", "x": encode_int(numbers.x, 32), "y": encode_int(numbers.y, 32)}
        self.jwk = {**members, "kid": kid, "use": "sig", "alg": self.alg}

    def sign(self, typ, payload, **header):
        """A compact JWS."""
        parts = [{"alg": self.alg, "typ": typ, "kid": self.kid, **header}, payload]
        signed = ".".join(encode(json.dumps(part).encode()) for part in parts)
        if self.kind == "rsa":
            signature = self.private.sign(signed.encode(), padding.PKCS1v15(), SHA256())
        else:
            r, s = decode_dss_signature(self.private.sign(signed.encode(), ec.ECDSA(SHA256())))
            signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return signed + "." + encode(signature)


OURS, THEIRS = Key("key-1"), Key("key-1")


def token_of(account, key=OURS, **changes):
    """A token of an account, good but for the changes."""
    now = int(time.time())
    return key.sign(
        "JWT",
        {
            "iss": ISSUER, "aud": AUDIENCE, "sub": account, "jti": "0199e7a0-0000-7000-8000-000000000002", "iat": now, "nbf": now, "exp": now + 3600,
            "ver": 1, "email": "ada@example.com", "roles": ["Manager", "User"], "permissions": ["orders:read", "orders:write"], **changes,
        },
    )


def exchanged_of(account, **changes):
    """An exchanged token of a person with the role Manager."""
    now = int(time.time())
    return OURS.sign(
        "at+jwt",
        {
            "iss": ISSUER, "aud": AUDIENCE, "sub": account, "client_id": account, "jti": "0199e7a0-0000-7000-8000-000000000002", "iat": now, "nbf": now,
            "exp": now + 600, "ver": 1, "email": "ada@example.com", "role_id": MANAGER, "roles": [], "permissions": ["orders:read", "orders:write"],
            "exchanged": True, **changes,
        },
    )


class Server:
    """A server whose answer may be replaced: a function of the handler. It counts the requests."""

    def __init__(self, test, answer):
        self.answer, self.requests = answer, []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_one_request(self):
                try:
                    super().handle_one_request()
                except OSError:
                    self.close_connection = True

            def do_GET(self):
                server.requests.append(self)
                server.answer(self)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_):
                pass

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        test.addCleanup(self.close)

    @property
    def asked(self):
        return len(self.requests)

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def send(handler, status, body=b"", **headers):
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    if status != 304:
        handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def status(code, **headers):
    return lambda handler: send(handler, code, **headers)


def answer_json(value, **headers):
    return lambda handler: send(handler, 200, json.dumps(value).encode(), **headers)


def keys_answer(*keys):
    return answer_json({"keys": [key.jwk for key in keys]})


def hang(handler):
    """Answers nothing, until the client closes the connection."""
    handler.connection.recv(1)
    handler.close_connection = True


def cut(handler):
    handler.close_connection = True


def new_verifier(test, **options):
    """A verifier that trusts an issuer with our key, unless options say otherwise."""
    options.setdefault("jwks", None)
    options["jwks"] = options["jwks"] or Server(test, keys_answer(OURS)).url
    verifier = Verifier(**{"issuer": ISSUER, "audience": AUDIENCE, "logger": SILENT, **options})
    test.addCleanup(verifier.stop)
    return verifier


def status_of(verifier, token):
    """200, or the status of the refusal."""
    try:
        verifier.verify(token)
    except Refusal as refusal:
        return refusal.status
    return 200


def can(verifier, token):
    """What a token permits now, or the status of its refusal."""
    try:
        principal = verifier.verify(token)
    except Refusal as refusal:
        return str(refusal.status)
    return ",".join(principal.roles) + ":" + ",".join(principal.permissions)


def eventually(what, holds):
    """Waits for something that must come true."""
    until = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > until:
            raise AssertionError("never: " + what)
        time.sleep(0.01)


def becomes(why, verifier, token, want):
    eventually(f"{why}: {want}", lambda: can(verifier, token) == want)


def at_once(cases, work):
    """Runs work(name, case) for each case, sixteen at a time, since most of it is waiting."""
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        results = {name: pool.submit(work, name, case) for name, case in cases.items()}
    for name, result in results.items():
        if result.exception() is not None:
            raise AssertionError(name) from result.exception()


def permission_id(name):
    digest = hashlib.sha256(name.encode()).hexdigest()
    return f"0199e7a0-{digest[:4]}-7000-8000-{digest[4:16]}"


def permission_of(name):
    return {"id": permission_id(name), "name": name}


def role_of(role_id, name, *permissions):
    role = {"id": role_id, "name": name, "parent": None, "all": False, "continued": False, "permissions": [permission_id(p) for p in permissions]}
    return [*map(permission_of, permissions), role]


def account_of(account_id, ver, role):
    return {"id": account_id, "ver": ver, "role": role}


def ended_of(sid, until=None):
    return {"sid": sid, "until": int(time.time()) + 3600 if until is None else until}


def _kind(told):
    kinds = {"permissions": "roles", "ver": "accounts", "until": "sessions"}
    return next((kind for member, kind in kinds.items() if member in told), "permissions")


class TestFeed:
    """A change feed. tell adds to what has changed; edit changes each payload; instead answers in its place."""

    __test__ = False

    def __init__(self, test):
        self._changed = threading.Condition()
        self.changed = [*role_of(MANAGER, "Manager", "orders:write", "orders:read"), *role_of(USER, "User", "orders:read")]
        self.epoch, self.piece, self.key, self.typ, self.token = 0, 1000, OURS, "changes+jwt", ""
        self.keys = self.edit = self.instead = None
        self.asked = []
        self.url = Server(test, self._answer).url

    def set(self, **changes):
        """Changes the feed, which tells of it at once."""
        with self._changed:
            self.__dict__.update(changes)
            self._changed.notify_all()

    def tell(self, *changed):
        self.set(changed=[*self.changed, *changed])

    def _answer(self, handler):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(handler.path).query))
        after, wait, token = query.get("after", ""), query.get("wait_ms"), handler.headers["Authorization"]
        self.asked.append((after, wait, token))
        if self.instead:
            self.instead(handler)
        elif self.token and token != "Bearer " + self.token:
            send(handler, 401)
        else:
            until = time.monotonic() + int(wait) / 1000
            with self._changed:
                body = self.statement(after)
                while body is None and time.monotonic() < until:
                    self._changed.wait(until - time.monotonic())
                    body = self.statement(after)
            send(handler, 304) if body is None else answer_json(body)(handler)

    def statement(self, after):
        """The answer to a request after a cursor, None if nothing is newer."""
        cursors = [f"{self.epoch}.{at}" for at in range(len(self.changed) + 1)]
        reset = after not in cursors
        start = 0 if reset else cursors.index(after)
        end = min(start + self.piece, len(self.changed))
        if not reset and start == end:
            return None
        payload = {
            "iss": ISSUER, "aud": AUDIENCE, "iat": int(time.time()), "after": after, "reset": reset, "cursor": cursors[end],
            "more": end < len(self.changed), "permissions": [], "roles": [], "accounts": [], "sessions": [],
        }
        # Each is there once, as it is now.
        for told in {told.get("id", told.get("sid")): told for told in self.changed[start:end]}.values():
            payload[_kind(told)].append(told)
        if self.keys is not None:
            payload["keys"] = self.keys
        if self.edit:
            self.edit(payload)
        return {"status": "success", "data": {"statement": self.key.sign(self.typ, payload), "cursor": payload.get("cursor")}}


def follow(test, feed, changes=None, **options):
    """A verifier that follows the feed until the test ends.

    Unless the test is about losing the feed, staleness is long: a busy machine may keep a thread from running for a second.
    """
    settings = {"url": feed.url, "token": lambda: "the-followers", "staleness": 60, **(changes or {})}
    verifier = new_verifier(test, changes=Changes(**settings), **options)
    verifier.start()
    return verifier


def up_to_date(verifier):
    eventually("the change feed is up to date", lambda: not verifier.lost)
