"""The package against a running svc-users: scripts/test-clients.sh says which, and where service.py is."""

import asyncio
import base64
import json
import socket
import threading
import time
import unittest

from help import SILENT, becomes, can, eventually, up_to_date
from service import AUDIENCE, ISSUER, Service
from svc_users_authn import Changes, Refusal, Verifier

FOLLOWER = ("follower@example.com", "quiet-lantern-7")
AS_CLERK = "Clerk:orders:read"


class Proxy:
    """A TCP proxy that can be cut, so that one verifier loses the service and no other does."""

    def __init__(self, origin):
        self._target = ("127.0.0.1", int(origin.rsplit(":", 1)[1]))
        self.is_cut, self._sockets = False, []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.origin = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.is_cut:
                client.close()
                continue
            upstream = socket.create_connection(self._target)
            self._sockets += [client, upstream]
            for ends in ((client, upstream), (upstream, client)):
                threading.Thread(target=self._copy, args=ends, daemon=True).start()

    @staticmethod
    def _copy(source, target):
        try:
            while data := source.recv(1 << 16):
                target.sendall(data)
        except OSError:
            pass
        for one in (source, target):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # closed already

    def cut(self):
        self.is_cut = True
        for one in self._sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # closed already

    def close(self):
        self.cut()
        self._listener.close()


class ServiceTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        service = Service()
        cls.service = service.__enter__()
        cls.addClassCleanup(service.__exit__, None, None, None)
        cls.admin = cls.service.admin_token()
        cls.read, cls.write = (cls.api("POST", "permissions", {"name": name})["id"] for name in ("orders:read", "orders:write"))
        changes = next(one["id"] for one in cls.api("GET", "permissions?page_size=100") if one["name"] == "changes:read")
        follower = cls.api("POST", "roles", {"name": "Follower", "permission_ids": [changes]})
        cls.api("POST", "accounts", {"email": FOLLOWER[0], "password": FOLLOWER[1], "role_id": follower["id"]})
        cls.clerk = cls.api("POST", "roles", {"name": "Clerk", "permission_ids": [cls.read]})["id"]

    @classmethod
    def api(cls, method, path, body=None, token=None):
        status, answer = cls.service.call(method, "/api/v1/" + path, body, token or cls.admin)
        if status not in (200, 201):
            raise AssertionError(f"{method} {path}: {status} {answer}")
        return answer["data"]

    def account(self, email, session=False):
        account = self.api("POST", "accounts", {"email": email, "password": "quiet-lantern-7", "role_id": self.clerk})
        return account["id"], self.login(email, session)

    def login(self, email, session=False):
        body = {"email": email, "password": "quiet-lantern-7", **({"session": True} if session else {})}
        status, answer = self.service.call("POST", "/api/v1/auth/login", body)
        self.assertEqual(status, 200)
        return answer["data"]["token"]

    def options(self):
        return {"jwks": self.service.origin + "/.well-known/jwks.json", "issuer": ISSUER, "audience": AUDIENCE, "logger": SILENT}

    def follow(self, **changes):
        settings = {"url": self.service.origin + "/api/v1/auth/changes", "token": lambda: self.service.login(*FOLLOWER)[1], **changes}
        verifier = Verifier(**self.options(), changes=Changes(**settings))
        verifier.start()
        self.addCleanup(verifier.stop)
        return verifier

    def test_changes_of_rights_are_obeyed_within_a_second_by_two_verifiers_at_once(self):
        both, took = [self.follow(), self.follow()], []
        _, token = self.account("one@example.com")
        for verifier in both:
            becomes("at first", verifier, token, AS_CLERK)
        for _ in range(3):
            for method, path, body, want in (
                ("POST", f"roles/{self.clerk}/permissions", {"permission_ids": [self.write]}, AS_CLERK + ",orders:write"),
                ("DELETE", f"roles/{self.clerk}/permissions/{self.write}", None, AS_CLERK),
            ):
                self.api(method, path, body)
                began = time.monotonic()
                for verifier in both:
                    becomes("the role changes", verifier, token, want)
                took.append(time.monotonic() - began)
        self.assertLess(min(took), 1)

    def test_a_session_that_ends_and_an_account_that_is_disabled_are_refused(self):
        verifier = self.follow()
        up_to_date(verifier)
        email = "two@example.com"
        account, token = self.account(email, session=True)
        other = self.login(email)
        becomes("at first", verifier, token, AS_CLERK)
        self.api("DELETE", "auth/sessions/" + verifier.verify(token).session, token=token)
        becomes("the session has ended", verifier, token, "401")
        becomes("no other token", verifier, other, AS_CLERK)
        self.api("PATCH", "accounts/" + account, {"is_active": False})
        becomes("disabled", verifier, other, "401")
        self.api("PATCH", "accounts/" + account, {"is_active": True})
        fresh = self.login(email)
        becomes("enabled, and logged in again", verifier, fresh, AS_CLERK)
        becomes("the older token", verifier, other, "401")
        self.api("DELETE", "accounts/" + account)
        becomes("deleted", verifier, fresh, "401")

    def test_a_verifier_that_is_cut_off_refuses_everything_and_recovers(self):
        proxy = Proxy(self.service.origin)
        self.addCleanup(proxy.close)
        url = proxy.origin + "/api/v1/auth/changes"
        refusing, relying = self.follow(url=url), self.follow(url=url, when_lost="tokens-alone")
        account, token = self.account("three@example.com")
        gone, of_gone = self.account("four@example.com")
        for verifier in (refusing, relying):
            up_to_date(verifier)
        self.api("PATCH", "accounts/" + gone, {"is_active": False})
        becomes("disabled before", relying, of_gone, "401")
        proxy.cut()
        began = asked = time.monotonic()
        while not refusing.lost:
            self.assertLess(asked - began, 1.25, "the loss is not noticed")
            time.sleep(0.002)
            asked = time.monotonic()
        self.assertEqual(can(refusing, token), "503")
        eventually("the other loses it too", lambda: relying.lost)
        self.assertEqual(can(relying, of_gone), "401")
        self.api("PATCH", "accounts/" + account, {"is_active": False})
        self.assertEqual(can(relying, token), AS_CLERK, "by the token alone")
        proxy.is_cut = False
        for verifier in (refusing, relying):
            becomes("found again", verifier, token, "401")

    def test_a_token_of_a_revoked_signing_key_is_refused_at_once_where_the_feed_lists_the_keys(self):
        verifier = self.follow()
        up_to_date(verifier)
        email = "six@example.com"
        _, token = self.account(email)
        becomes("at first", verifier, token, AS_CLERK)

        def part(jws, index):
            piece = jws.split(".")[index]
            return json.loads(base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4)))

        lists = "keys" in part(self.api("GET", "auth/changes")["statement"], 1)
        self.api("POST", "keys/rotate", {"at_once": True})
        type(self).admin = self.service.admin_token()
        fresh = self.login(email)
        self.assertNotEqual(part(fresh, 0)["kid"], part(token, 0)["kid"])
        becomes("a token of the next key", verifier, fresh, AS_CLERK)
        self.api("DELETE", "keys/" + part(token, 0)["kid"])
        if lists:
            becomes("revoked", verifier, token, "401")
        becomes("the next key", verifier, fresh, AS_CLERK)
        # A service without lists has the key refused once the JWK set is read again, which is not so soon.
        self.assertEqual(can(verifier, token), "401" if lists else AS_CLERK)

    def test_a_follower_without_the_right_to_follow_is_lost(self):
        _, token = self.account("five@example.com")
        verifier = self.follow(token=lambda: token)
        time.sleep(0.3)
        self.assertEqual((verifier.lost, can(verifier, token)), (True, "503"))

    def test_a_token_that_had_no_room_for_its_permissions_is_answered_by_the_access_check(self):
        names = [f"much:{'x' * 80}{number}" for number in range(120)]
        self.api("POST", "declarations/apply", {"service": "much", "permissions": [{"name": name} for name in names], "roles": [{"name": "Much", "permissions": names}]})
        role = self.api("GET", "roles?q=Much")[0]["id"]
        self.api("POST", "accounts", {"email": "much@example.com", "password": "quiet-lantern-7", "role_id": role})
        token, verifier = self.login("much@example.com"), Verifier(**self.options())
        self.addCleanup(verifier.stop)
        self.assertTrue(verifier.verify(token).permissions_omitted)
        for authorize in (verifier.authorize, lambda *request: asyncio.run(verifier.authorize_async(*request))):
            self.assertEqual(authorize(token, [names[0], names[-1]]).permissions, tuple(sorted([names[0], names[-1]])))
            with self.assertRaises(Refusal) as refused:
                authorize(token, [names[0], "accounts:read"])
            self.assertEqual((refused.exception.status, refused.exception.missing), (403, ("accounts:read",)))


if __name__ == "__main__":
    unittest.main()
