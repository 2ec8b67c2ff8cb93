"""Statements that do not count, and the list of keys."""

import time
import unittest

from help import (
    ADA, BOB, MANAGER, OURS, THEIRS, USER, Key, Server, TestFeed, account_of, answer_json, at_once, becomes, can, ended_of, eventually, follow, keys_answer, permission_of,
    role_of, status, status_of, token_of, up_to_date,
)

AS_MANAGER, AS_USER = "Manager:orders:read,orders:write", "User:orders:read"
ABSENT = object()


def edit(name, value):
    def change(payload):
        payload.pop(name)
        if value is not ABSENT:
            payload[name] = value

    return {"edit": change}


def accounts(*told):
    return edit("accounts", list(told))


def roles(*told):
    return edit("roles", list(told))


def role(**changes):
    return {name: value for name, value in {**role_of(USER, "A")[-1], **changes}.items() if value is not ABSENT}


def keys(value):
    return {"edit": lambda payload: payload.update(keys=value)}


WRONG = {
    "signed by another": {"key": THEIRS},
    "a token": {"typ": "JWT"},
    "another type": {"typ": "changes"},
    "another issuer": edit("iss", "https://evil.example"),
    "another audience": edit("aud", "https://evil.example"),
    "no iat": edit("iat", ABSENT),
    "two minutes old": edit("iat", int(time.time()) - 120),
    "two minutes ahead": edit("iat", int(time.time()) + 120),
    "iat a string": edit("iat", "now"),
    "iat a fraction": edit("iat", time.time()),
    "no cursor": edit("cursor", ABSENT),
    "an empty cursor": edit("cursor", ""),
    "after another cursor": edit("after", "x"),
    "no after": edit("after", ABSENT),
    "reset a string": edit("reset", "true"),
    "no roles": edit("roles", ABSENT),
    "no permissions": edit("permissions", ABSENT),
    "no accounts": edit("accounts", ABSENT),
    "roles null": edit("roles", None),
    "permissions a string": edit("permissions", "all"),
    "a permission twice": edit("permissions", [permission_of("a"), permission_of("a")]),
    "one of no id": edit("permissions", [{"id": "x", "name": "a"}]),
    "one without name": edit("permissions", [{"id": USER, "name": ""}]),
    "no name": edit("permissions", [{"id": USER}]),
    "a role twice": roles(role(), role()),
    "a role without id": roles(role(id="")),
    "a role without name": roles(role(name="")),
    "a name of no text": roles(role(name=1)),
    "permissions null": roles(role(permissions=None)),
    "permissions names": roles(role(permissions=["orders:read"])),
    "a parent of no id": roles(role(parent="Manager")),
    "no parent": roles(role(parent=ABSENT)),
    "all a string": roles(role(all="true")),
    "all a number": roles(role(all=1)),
    "continued, of nothing": roles(role(continued=True, id=BOB)),
    "accounts a string": edit("accounts", "all"),
    "an account twice": accounts(account_of(ADA, 1, USER), account_of(ADA, 1, USER)),
    "an account of no id": accounts(account_of("x", 1, USER)),
    "version 0": accounts(account_of(ADA, 0, USER)),
    "version true": accounts(account_of(ADA, True, USER)),
    "version a string": accounts(account_of(ADA, "1", USER)),
    "version a fraction": accounts(account_of(ADA, 1.5, USER)),
    "no version": accounts({"id": ADA, "role": USER}),
    "no role": accounts({"id": ADA, "ver": 1}),
    "a role of no id": accounts(account_of(ADA, 1, "Manager")),
    "sessions null": edit("sessions", None),
    "a session of no id": edit("sessions", [ended_of("x")]),
    "a session twice": edit("sessions", [ended_of(ADA), ended_of(ADA)]),
    "a session without end": edit("sessions", [{"sid": ADA}]),
    "an end that is none": edit("sessions", [ended_of(ADA, "soon")]),
    "keys null": keys(None),
    "no keys": keys([]),
    "keys a string": keys("key-1"),
    "a key twice": keys(["key-1", "key-1"]),
    "a key of no text": keys(["key-1", 2]),
    "an empty key": keys(["", "key-1"]),
    "a key that is too long": keys(["key-1", "x" * 257]),
    "keys without its own": keys(["key-2"]),
    "more than may be kept": accounts(account_of(ADA, 1, USER), account_of(BOB, 1, USER), account_of(MANAGER, 1, USER), account_of(USER, 1, USER)),
}


class StatementsTest(unittest.TestCase):
    def test_do_not_count(self):
        at_once(WRONG, self.does_not_count)

    def does_not_count(self, name, wrong):
        feed = TestFeed(self)
        feed.tell(account_of(BOB, 1, USER))
        feed.set(**wrong)
        verifier = follow(self, feed, {"staleness": 1, "max_accounts": 3})
        eventually("two requests", lambda: len(feed.asked) >= 2)
        self.assertTrue(verifier.lost)
        self.assertEqual(status_of(verifier, token_of(BOB)), 503)
        feed.set(edit=None, key=OURS, typ="changes+jwt")
        becomes("right again", verifier, token_of(BOB), AS_USER)
        verifier.stop()

    def test_that_continue_what_is_known_do_not_count(self):
        for wrong in ({"iss": "x"}, {"after": "0.77"}):
            feed = TestFeed(self)
            verifier = follow(self, feed, {"staleness": 1})
            up_to_date(verifier)
            token = token_of(ADA)
            feed.set(edit=lambda payload, wrong=wrong: payload.update(wrong), changed=[*feed.changed, account_of(ADA, 1, USER)])
            while not verifier.lost:
                self.assertIn(can(verifier, token), (AS_MANAGER, "503"))
                time.sleep(0.002)
            feed.set(edit=None)
            becomes("right again", verifier, token, AS_USER)

    def test_are_as_old_as_the_request_for_them(self):
        feed, began = TestFeed(self), []
        verifier = follow(self, feed, {"staleness": 2})
        up_to_date(verifier)

        def slowly(handler):
            if began:
                handler.connection.recv(1)  # the facts stay as they are
                return
            began.append(time.monotonic())
            feed.changed = [*feed.changed, account_of(ADA, 1, USER)]
            after = feed.asked[-1][0]
            # The body comes a piece at a time.
            wfile = handler.wfile

            class Slow:
                def write(self, data):
                    for part in (data[:10], data[10:20], data[20:]):
                        wfile.write(part)
                        time.sleep(0.2)

                def __getattr__(self, name):
                    return getattr(wfile, name)

            body = answer_json(feed.statement(after))
            handler.wfile = Slow()
            body(handler)
            handler.wfile = wfile

        feed.set(instead=slowly)
        becomes("heard", verifier, token_of(ADA), AS_USER)
        asked = time.monotonic()
        while not verifier.lost:
            self.assertLess(asked - began[0], 2, "it does not count from the request")
            time.sleep(0.002)
            asked = time.monotonic()


class KeyListTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.next = Key("key-2", "rsa")

    def start(self, listed, *published, **changes):
        feed = TestFeed(self)
        feed.keys = listed
        jwks = Server(self, keys_answer(*published))
        verifier = follow(self, feed, changes, jwks=jwks.url)
        up_to_date(verifier)
        return feed, jwks, verifier

    def test_revokes_a_key_without_a_request_for_the_jwk_set(self):
        feed, jwks, verifier = self.start(["key-1", "key-2"], OURS, self.next, staleness=1, when_lost="tokens-alone")
        token = token_of(ADA, self.next)
        becomes("while it is listed", verifier, token, AS_MANAGER)
        asked = jwks.asked
        feed.set(keys=["key-1"], changed=[*feed.changed, account_of(BOB, 1, USER)])
        becomes("revoked", verifier, token, "401")
        self.assertEqual((status_of(verifier, token_of(ADA)), jwks.asked), (200, asked))
        feed.set(instead=status(502))
        eventually("lost", lambda: verifier.lost)
        self.assertEqual(status_of(verifier, token), 401, "the last list counts while the feed is lost")
        feed.set(instead=None, keys=["key-1", "key-2"], changed=[*feed.changed, account_of(BOB, 2, USER)])
        becomes("listed again", verifier, token, AS_MANAGER)
        self.assertEqual(jwks.asked, asked, "its JWK was kept")

    def test_has_a_new_key_fetched_at_once(self):
        feed, jwks, verifier = self.start(["key-1"], OURS)
        token = token_of(ADA, self.next)
        self.assertEqual((status_of(verifier, token), jwks.asked), (401, 1), "a key that is not listed causes no request")
        jwks.answer = keys_answer(OURS, self.next)
        feed.set(keys=["key-1", "key-2"], changed=[*feed.changed, account_of(BOB, 1, USER)])
        becomes("the new key", verifier, token, AS_MANAGER)
        self.assertEqual(jwks.asked, 2)

    def test_causes_few_requests_for_a_key_that_no_jwk_set_has(self):
        feed, jwks, verifier = self.start(["key-1", "key-9"], OURS)
        for version in range(1, 6):
            feed.tell(account_of(ADA, version, USER))
            becomes("heard", verifier, token_of(ADA, ver=version), AS_USER)
        self.assertLessEqual(jwks.asked, 5)

    def test_is_given_up_where_an_older_service_has_taken_over(self):
        feed, _, verifier = self.start(["key-1"], OURS, self.next)
        self.assertEqual(status_of(verifier, token_of(ADA, self.next)), 401)
        feed.set(key=self.next, keys=None, changed=[*feed.changed, account_of(ADA, 1, USER)])
        becomes("without a list", verifier, token_of(ADA, self.next), AS_USER)

    def test_stays_as_it_is_where_a_statement_has_none(self):
        feed, _, verifier = self.start(["key-1"], OURS, self.next)
        feed.set(keys=None, changed=[*feed.changed, account_of(ADA, 1, USER)])
        becomes("heard", verifier, token_of(ADA), AS_USER)
        self.assertEqual(status_of(verifier, token_of(ADA, self.next)), 401)

    def test_refuses_a_statement_of_a_key_that_was_revoked(self):
        feed, jwks, verifier = self.start(["key-1"], OURS, self.next, staleness=1)
        # The key is revoked; its holder answers for the feed, and the JWK set in the cache still has it.
        jwks.answer = keys_answer(OURS)
        forged = {"keys": ["key-1", "key-2"], "accounts": [account_of(ADA, 1, USER)]}
        feed.set(key=self.next, edit=lambda payload: payload.update(forged), changed=[*feed.changed, account_of(BOB, 1, USER)])
        eventually("it is lost", lambda: verifier.lost)
        self.assertEqual(status_of(verifier, token_of(ADA)), 503)
        feed.set(key=OURS, edit=None)
        becomes("the owner of the feed again", verifier, token_of(ADA), AS_MANAGER)

    def test_follows_an_issuer_that_revoked_the_key_of_the_whole_list(self):
        feed, jwks, verifier = self.start(["key-1"], OURS)
        jwks.answer = keys_answer(self.next)
        feed.set(key=self.next, keys=["key-2"], changed=[*feed.changed, account_of(ADA, 1, USER)])
        becomes("the new key", verifier, token_of(ADA, self.next), AS_USER)
        self.assertEqual(status_of(verifier, token_of(ADA)), 401)
        self.assertLessEqual(jwks.asked, 3)

    def test_a_statement_is_no_token(self):
        feed, _, verifier = self.start(None, OURS)
        self.assertEqual(status_of(verifier, feed.statement("")["data"]["statement"]), 401)


if __name__ == "__main__":
    unittest.main()
