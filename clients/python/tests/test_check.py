"""Tokens that had no room for their permissions, and the access check."""

import asyncio
import json
import threading
import unittest

from help import ADA, BOB, Server, answer_json, eventually, new_verifier, send, status, token_of
from svc_users_authn import Refusal

OMITTED = {"permissions": [], "permissions_omitted": True}


class CheckTest(unittest.TestCase):
    def check(self, *allowed, edit=lambda data: data):
        """An access check of an account that may do what is allowed."""
        bodies = []

        def answer(handler):
            bodies.append((handler.headers["Authorization"], json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))))
            told = [{"name": name, "allowed": name in allowed} for name in bodies[-1][1]["permissions"]]
            answer_json({"data": edit({"account_id": ADA, "is_active": True, "allowed": all(one["allowed"] for one in told), "permissions": told})})(handler)

        return Server(self, answer).url, bodies

    def outcome(self, verifier, *names, **changes):
        """What verifier and its async twin, which must agree, say."""

        def describe(authorize):
            try:
                return [200, *authorize().permissions]
            except Refusal as refusal:
                return [refusal.status, *refusal.missing]

        token = token_of(ADA, **(changes or OMITTED))
        outcome = describe(lambda: verifier.authorize(token, names))
        self.assertEqual(describe(lambda: asyncio.run(verifier.authorize_async(token, names))), outcome)
        return outcome

    def test_answers_a_token_without_its_permissions(self):
        url, bodies = self.check("orders:read", "orders:write")
        verifier = new_verifier(self, check=url)
        self.assertEqual(self.outcome(verifier, "orders:write", "orders:read", "orders:write"), [200, "orders:read", "orders:write"])
        self.assertEqual(self.outcome(verifier, "orders:read", "orders:pay"), [403, "orders:pay"])
        self.assertEqual(bodies[0][1], {"permissions": ["orders:write", "orders:read"]})
        self.assertRegex(bodies[0][0], r"^Bearer ey")
        self.assertEqual(self.outcome(verifier), [200], "without a required permission nothing is asked")
        self.assertEqual(self.outcome(verifier, "orders:read", ver=1), [200, "orders:read", "orders:write"])
        self.assertEqual(self.outcome(verifier, "orders:pay", ver=1), [403, "orders:pay"])
        self.assertEqual(len(bodies), 4, "a token with its permissions is not asked about")

    def test_refuses_what_the_service_does_not_say(self):
        for name, answer, want in (
            ("a refused token", status(401), 401), ("a limit", status(429), 503), ("a fault", status(500), 503), ("forbidden", status(403), 503),
            ("a redirect", status(307, Location="/"), 503), ("garbage", lambda h: send(h, 200, b"{"), 503), ("nothing", answer_json({}), 503),
            ("too much", answer_json({"x": "x" * (2 << 20)}), 503), ("a closed connection", lambda h: setattr(h, "close_connection", True), 503),
        ):
            def drained(handler, answer=answer):
                handler.rfile.read(int(handler.headers["Content-Length"]))
                answer(handler)

            self.assertEqual(self.outcome(new_verifier(self, check=Server(self, drained).url), "orders:read"), [want], name)
        for name, edit, want in (
            ("another account", lambda d: {**d, "account_id": BOB}, [503]), ("other names", lambda d: {**d, "permissions": [{"name": "a", "allowed": True}]}, [503]),
            ("more names", lambda d: {**d, "permissions": d["permissions"] * 2}, [503]),
            ("allowed a text", lambda d: {**d, "permissions": [{"name": "orders:read", "allowed": "true"}]}, [503]),
            ("a disabled account", lambda d: {**d, "is_active": False}, [403, "orders:read"]),
            ("allowed only at the top", lambda d: {**d, "permissions": [{"name": "orders:read"}]}, [403, "orders:read"]),
        ):
            url, _ = self.check("orders:read", edit=edit)
            self.assertEqual(self.outcome(new_verifier(self, check=url), "orders:read"), want, name)

    def test_is_503_where_nothing_can_be_asked(self):
        self.assertEqual(self.outcome(new_verifier(self), "orders:read"), [503])
        self.assertEqual(self.outcome(new_verifier(self, check=False), "orders:read"), [503])

    def test_cannot_gather_requests_without_end(self):
        release, waiting = threading.Event(), []

        def late(handler):
            waiting.append(handler)
            release.wait(60)
            send(handler, 401, Connection="close")

        verifier = new_verifier(self, check=Server(self, late).url)
        token, got = token_of(ADA, **OMITTED), []

        def ask():
            try:
                verifier.authorize(token, ["orders:read"])
            except Refusal as refusal:
                got.append(refusal.status)

        threads = [threading.Thread(target=ask) for _ in range(80)]
        for thread in threads:
            thread.start()
        # A busy machine has some time out.
        eventually("all are asked or refused", lambda: len(waiting) + len(got) >= 80)
        self.assertTrue(len(waiting) <= 64 and len(got) >= 16 and set(got) == {503}, (len(waiting), got))
        release.set()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    unittest.main()
