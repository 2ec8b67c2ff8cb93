"""The example against a running svc-users: scripts/test-clients.sh says which, and where service.py is."""

import base64
import contextlib
import http.client
import json
import logging
import threading
import unittest

from server import orders_server, read_settings
from service import ADMIN, AUDIENCE, ISSUER, Service
from svc_users_authn import Verifier

SILENT = logging.getLogger("silent")
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False

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
        options = {"jwks": self.service.origin + "/.well-known/jwks.json", "issuer": ISSUER, "audience": AUDIENCE, "logger": SILENT, **changes}
        with self.serve(Verifier(**options), permission) as get:
            return get("/orders", *authorization)

    @contextlib.contextmanager
    def serve(self, verifier, permission):
        """Serves the example while the context lasts, to the function that it gives."""
        with orders_server(("127.0.0.1", 0), verifier, permission) as server:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()

            def get(path, *authorization):
                connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=600)
                connection.putrequest("GET", path)
                for value in authorization:
                    connection.putheader("Authorization", value)
                connection.endheaders()
                answer = connection.getresponse()
                answer.read()
                connection.close()
                return answer.status, answer.getheader("WWW-Authenticate")

            try:
                yield get
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
        self.assertEqual(self.ask("Basic " + self.token), (401, "Bearer"))
        self.assertEqual(self.ask("Bearer " + self.token, "Bearer " + self.token), (401, INVALID))

    def test_refuses_tokens_of_another_issuer_or_for_another_audience(self):
        self.assertEqual(self.ask("Bearer " + self.token, issuer="https://other.test"), (401, INVALID))
        self.assertEqual(self.ask("Bearer " + self.token, audience="https://other.test"), (401, INVALID))

    def test_refuses_everybody_while_it_has_no_keys(self):
        for jwks in ("http://127.0.0.1:1/keys", self.service.origin + "/api/v1/health"):
            with self.subTest(jwks):
                self.assertEqual(self.ask("Bearer " + self.token, jwks=jwks), (503, None))

    def test_follows_changes_with_the_account_of_its_settings(self):
        account = {"ORDERS_EMAIL": ADMIN["email"], "ORDERS_PASSWORD": ADMIN["password"]}
        settings = read_settings({"SVC_USERS_URL": self.service.origin, "JWT_ISSUER": ISSUER, "JWT_AUDIENCE": AUDIENCE, **account})
        verifier = Verifier(**settings, logger=SILENT)
        with self.serve(verifier, "accounts:read") as get:
            self.assertEqual((get("/orders", "Bearer " + self.token), get("/readyz")), ((503, None), (503, None)), "before it has read the feed")
            with verifier:
                while get("/readyz") != (200, None):
                    pass
                self.assertEqual(get("/orders", "Bearer " + self.token), (200, None))
        for wrong in ({"ORDERS_EMAIL": "x"}, {"ORDERS_EMAIL": "x", "ORDERS_PASSWORD": "y", "ORDERS_WHEN_LOST": "allow"}):
            with self.assertRaisesRegex(ValueError, "ORDERS_"):
                read_settings(wrong)


if __name__ == "__main__":
    unittest.main()
