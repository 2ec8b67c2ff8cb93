"""The example against a running svc-users: scripts/test-clients.sh says which, and where service.py is."""

import base64
import http.client
import json
import threading
import unittest

from server import orders_server
from service import AUDIENCE, ISSUER, Service
from verify import Verifier

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


if __name__ == "__main__":
    unittest.main()
