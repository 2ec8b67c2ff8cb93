"""The example against a running svc-users: scripts/test-clients.sh says which, and where service.py is."""

import base64
import http.client
import http.server
import json
import pathlib
import threading
import unittest

from keys import COOL_DOWN, KEEP, Keys, NoKeys
from server import orders_server
from service import AUDIENCE, ISSUER, Service
from verify import Refusal, Verifier

INVALID = 'Bearer error="invalid_token"'


def changed(token, index, **changes):
    """The token with other members in one of its parts."""
    parts = token.split(".")
    members = json.loads(base64.urlsafe_b64decode(parts[index] + "=" * (-len(parts[index]) % 4)))
    parts[index] = base64.urlsafe_b64encode(json.dumps({**members, **changes}).encode()).rstrip(b"=").decode()
    return ".".join(parts)


class ServerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        service = Service()
        cls.service = service.__enter__()
        cls.addClassCleanup(service.__exit__, None, None, None)
        cls.token = cls.service.admin_token()

    def ask(self, *authorization, permission="accounts:read", **changes):
        """What the example answers: the status and WWW-Authenticate."""
        options = {"jwks": self.service.origin + "/.well-known/jwks.json", "issuer": ISSUER, "audience": AUDIENCE, **changes}
        with orders_server(("127.0.0.1", 0), Verifier(**options), permission) as server:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
            try:
                connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=600)
                connection.putrequest("GET", "/orders")
                for value in authorization:
                    connection.putheader("Authorization", value)
                connection.endheaders()
                answer = connection.getresponse()
                answer.read()
                connection.close()
                return answer.status, answer.getheader("WWW-Authenticate")
            finally:
                server.shutdown()

    def test_lets_in_who_has_the_permission(self):
        self.assertEqual(self.ask("Bearer " + self.token), (200, None))
        self.assertEqual(self.ask("bearer " + self.token), (200, None))

    def test_refuses_who_has_not(self):
        expected = (403, 'Bearer error="insufficient_scope", scope="orders:read"')
        self.assertEqual(self.ask("Bearer " + self.token, permission="orders:read"), expected)

    def test_refuses_what_is_no_token_of_ours(self):
        self.assertEqual(self.ask(), (401, "Bearer"))
        for name, token in {
            "junk": "junk",
            "claims": changed(self.token, 1, sub="x"),
            "none": changed(self.token, 0, alg="none"),
            "HMAC": changed(self.token, 0, alg="HS256"),
            "another type": changed(self.token, 0, typ="at+jwt"),
            "another key": changed(self.token, 0, kid="other"),
            "a kid that is no text": changed(self.token, 0, kid=["x"]),
            "a critical header": changed(self.token, 0, crit=["x"]),
            "cut": self.token[:-8],
            "long": "x" * 9000,
        }.items():
            with self.subTest(name):
                self.assertEqual(self.ask("Bearer " + token), (401, INVALID))
        self.assertEqual(self.ask("Basic " + self.token), (401, INVALID))
        self.assertEqual(self.ask("Bearer " + self.token, "Bearer " + self.token), (401, INVALID))

    def test_refuses_tokens_of_another_issuer_or_for_another_audience(self):
        self.assertEqual(self.ask("Bearer " + self.token, issuer="https://other.test"), (401, INVALID))
        self.assertEqual(self.ask("Bearer " + self.token, audience="https://other.test"), (401, INVALID))

    def test_refuses_everybody_while_it_has_no_keys(self):
        for jwks in ("http://127.0.0.1:1/keys", self.service.origin + "/api/v1/health"):
            with self.subTest(jwks):
                self.assertEqual(self.ask("Bearer " + self.token, jwks=jwks), (503, None))


VECTORS = json.loads(pathlib.Path(__file__).parent.joinpath("../../authn/testdata/vectors.json").read_text())


class Issuer:
    """Serves a JWK set, and counts how often it is asked for."""

    def __init__(self, keys):
        self.keys, self.asked = keys, 0
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked += 1
                text = json.dumps({"keys": issuer.keys}).encode()
                self.send_response(200 if issuer.keys else 503)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


class VectorsTest(unittest.TestCase):
    def test_says_what_the_service_says_of_every_token(self):
        counts = {True: 0, False: 0}
        with Issuer(VECTORS["jwks"]["keys"]) as issuer:
            verifier = Verifier(issuer.url, VECTORS["issuer"], VECTORS["audience"], now=lambda: VECTORS["now"])
            for vector in VECTORS["tokens"]:
                token = vector.get("token", "")
                if "base64" in vector:  # of bytes that are no text; a header field is read so
                    token = base64.b64decode(vector["base64"]).decode("latin-1")
                try:
                    verifier.verify(["Bearer " + token])
                    good = True
                except Refusal as refusal:
                    good = False
                    self.assertEqual(refusal.status, 401, vector["name"])
                # A header field has no space at its ends: with one a token is the token without it.
                if token == token.strip(" "):
                    self.assertEqual(good, vector["good"], vector["name"])
                    counts[good] += 1
        self.assertGreaterEqual(counts[True], 12)
        self.assertGreaterEqual(counts[False], 300)


class KeysTest(unittest.TestCase):
    def test_looks_for_a_new_key_again_after_a_while(self):
        first, second = VECTORS["jwks"]["keys"][:2]
        now = 0.0
        with Issuer([first]) as issuer:
            keys = Keys(issuer.url, clock=lambda: now)
            self.assertIsNotNone(keys.get(first["kid"]))
            issuer.keys = [second, first]
            self.assertIsNone(keys.get(second["kid"]), "so soon after the last request")
            self.assertEqual(issuer.asked, 1)
            now += COOL_DOWN
            self.assertIsNotNone(keys.get(second["kid"]))
            self.assertEqual(issuer.asked, 2)
            for name in ("made", "up", "names"):
                self.assertIsNone(keys.get(name))
            self.assertEqual(issuer.asked, 2)
            now += COOL_DOWN
            issuer.keys = []
            with self.assertRaises(NoKeys):
                keys.get("made-up")
            self.assertIsNone(keys.get("made-up"))
            self.assertIsNotNone(keys.get(first["kid"]), "while the keys are fresh")
            self.assertEqual(issuer.asked, 3)
            now += KEEP
            for _ in range(3):
                with self.assertRaises(NoKeys):
                    keys.get(first["kid"])
            self.assertEqual(issuer.asked, 4, "not again at once")
            issuer.keys = [second]
            now += 2
            self.assertIsNotNone(keys.get(second["kid"]))
            self.assertIsNone(keys.get(first["kid"]), "it was withdrawn")


if __name__ == "__main__":
    unittest.main()
