"""Following the change feed."""

import os
import re
import time
import unittest

from help import (
    ADA, AUDIENCE, BOB, ISSUER, MANAGER, SILENT, USER, TestFeed, account_of, at_once, becomes, can, cut, ended_of, eventually, exchanged_of, follow, hang, new_verifier, permission_id,
    role_of, send, status, status_of, token_of, up_to_date,
)
from svc_users_authn import Actor, Changes, Refusal, Verifier

AS_MANAGER, AS_USER = "Manager:orders:read,orders:write", "User:orders:read"
CAROL, DORA = "0199e7a0-0000-7000-8000-0000000000d3", "0199e7a0-0000-7000-8000-0000000000d4"
PHONE, LAPTOP = "0199e7a0-0000-7000-8000-0000000000f1", "0199e7a0-0000-7000-8000-0000000000f2"


class ChangesTest(unittest.TestCase):
    def test_count(self):
        feed = TestFeed(self)
        verifier = follow(self, feed)
        up_to_date(verifier)
        first, second, other = token_of(ADA), token_of(ADA, ver=2), token_of(BOB)
        becomes("as the token says", verifier, first, AS_MANAGER)
        self.assertTrue(verifier.verify(first).live)
        feed.tell(account_of(ADA, 1, USER))
        becomes("another role", verifier, first, AS_USER)
        with self.assertRaises(Refusal) as refused:
            verifier.authorize(first, ["orders:read", "orders:write"])
        self.assertEqual((refused.exception.status, refused.exception.missing), (403, ("orders:write",)))
        feed.tell(*role_of(MANAGER, "Manager"), *role_of(USER, "User", "b", "a"))
        becomes("the role's rights change", verifier, first, "User:a,b")
        becomes("another role's rights change", verifier, other, "Manager:")
        feed.tell(*role_of(MANAGER, "Boss", "orders:all"), *role_of(USER, "User", "a"))
        becomes("the role is renamed, and the token has its id", verifier, token_of(BOB, role_id=MANAGER), "Boss:orders:all")
        becomes("the same of an older token, which has the name", verifier, other, ":")
        becomes("an unknown id, whatever the name", verifier, token_of(BOB, role_id=ADA, roles=["User"]), ":")
        feed.tell(account_of(BOB, 1, MANAGER))
        becomes("the account is told of", verifier, other, "Boss:orders:all")
        becomes("a token of a version that never was", verifier, token_of(BOB, ver=2), "401")
        feed.tell(account_of(ADA, 2, USER))
        becomes("older tokens end", verifier, first, "401")
        becomes("the newer", verifier, second, "User:a")
        feed.tell(account_of(ADA, None, None))
        becomes("disabled", verifier, second, "401")
        feed.tell(account_of(ADA, 3, None))
        becomes("enabled again, the older token", verifier, second, "401")
        becomes("without a role", verifier, token_of(ADA, ver=3), ":")
        feed.tell({"id": permission_id("orders:all"), "name": "orders:any"})
        becomes("a permission is renamed", verifier, other, "Boss:orders:any")

    def test_tell_what_a_token_had_no_room_for(self):
        verifier = follow(self, TestFeed(self))
        up_to_date(verifier)
        principal = verifier.authorize(token_of(ADA, permissions=[], permissions_omitted=True), ["orders:write"])
        self.assertEqual((principal.live, principal.permissions_omitted), (True, False))

    def test_give_a_token_for_a_declared_audience_no_more_than_its_prefix(self):
        feed = TestFeed(self)
        feed.tell(*role_of(MANAGER, "Manager", "orders:read", "orders:write", "stock:read"))
        token = token_of(ADA, permission_prefix="orders:", permissions=["orders:read", "stock:read"])
        self.assertEqual(can(new_verifier(self), token), "Manager,User:orders:read")
        verifier = follow(self, feed)
        becomes("live", verifier, token, AS_MANAGER)
        becomes("another token", verifier, token_of(ADA), AS_MANAGER + ",stock:read")
        with self.assertRaises(Refusal) as refused:
            verifier.authorize(token, ["stock:read"])
        self.assertEqual(refused.exception.status, 403)
        for wrong in ("", 7, None, ["orders:"]):
            self.assertEqual(status_of(verifier, token_of(ADA, permission_prefix=wrong)), 401)

    def test_in_pieces_count_together(self):
        feed = TestFeed(self)
        feed.piece = 7
        feed.tell(*(account_of(f"0199e7a0-0000-7000-8000-{n:012x}", None, None) for n in range(1, 101)), account_of(ADA, None, None))
        verifier = follow(self, feed)
        up_to_date(verifier)
        self.assertEqual(can(verifier, token_of(ADA)), "401", "up to date without the last piece")
        self.assertGreaterEqual(len(feed.asked), 15)
        feed.set(epoch=1, changed=feed.changed[:55])  # the service has lost its memory
        becomes("what is not told again is forgotten", verifier, token_of(ADA), AS_MANAGER)

    def test_end_sessions_with_their_own_tokens_and_no_others(self):
        feed = TestFeed(self)
        verifier = follow(self, feed, {"staleness": 1, "when_lost": "tokens-alone"})
        on_phone, on_laptop = token_of(ADA, sid=PHONE), token_of(ADA, sid=LAPTOP)
        up_to_date(verifier)
        self.assertEqual(verifier.verify(on_phone).session, PHONE)
        feed.tell(ended_of(PHONE))
        becomes("the phone after its session", verifier, on_phone, "401")
        self.assertEqual((status_of(verifier, on_laptop), status_of(verifier, token_of(ADA))), (200, 200))
        feed.set(instead=status(502))
        eventually("the feed is lost", lambda: verifier.lost)
        self.assertEqual((status_of(verifier, on_phone), status_of(verifier, on_laptop)), (401, 200))

    def test_end_exchanged_tokens_with_their_api_keys_and_each_of_their_actors(self):
        key = "0199e7a0-0000-7000-8000-0000000000f3"
        acted = exchanged_of(ADA, client_id=CAROL, act={"sub": CAROL, "ver": 1, "sid": LAPTOP, "act": {"sub": DORA, "ver": 1}})
        ends = {
            "the API key": (exchanged_of(ADA, api_key_id=key), ended_of(key)),
            "the session": (exchanged_of(ADA, sid=PHONE), ended_of(PHONE)),
            "the account": (acted, account_of(ADA, None, USER)),
            "the actor": (acted, account_of(CAROL, None, USER)),
            "the actor's version": (acted, account_of(CAROL, 2, USER)),
            "the actor's session": (acted, ended_of(LAPTOP)),
            "the actor before it": (acted, account_of(DORA, None, None)),
        }
        at_once(ends, lambda what, case: self.end_exchanged(what, *case))

    def end_exchanged(self, what, token, change):
        feed = TestFeed(self)
        verifier = follow(self, feed, {"staleness": 1, "when_lost": "tokens-alone"})
        up_to_date(verifier)
        becomes(f"{what}: before", verifier, token, ":orders:read,orders:write")
        feed.tell(change)
        becomes(f"{what}: after", verifier, token, "401")
        feed.set(instead=status(502))
        eventually("the feed is lost", lambda: verifier.lost)
        self.assertEqual(status_of(verifier, token), 401, what)

    def test_hold_an_impersonator_to_what_it_may_do_now(self):
        helper, admin = "0199e7a0-0000-7000-8000-00000000c00a", "0199e7a0-0000-7000-8000-00000000c00b"
        feed = TestFeed(self)

        def is_helper(*permissions):
            feed.tell(*role_of(helper, "Helper", *permissions))

        is_helper("orders:read", "orders:write", "accounts:impersonate")
        feed.tell(*({**one, "all": True} for one in role_of(admin, "Admin")))
        verifier = follow(self, feed)
        token = exchanged_of(ADA, client_id=CAROL, act={"sub": CAROL, "ver": 1, "impersonator": True, "role_id": helper})
        becomes("at first", verifier, token, ":orders:read,orders:write")
        self.assertEqual(verifier.verify(token).actor, Actor(CAROL, True, None))
        is_helper("orders:read", "accounts:impersonate")
        becomes("its role holds less", verifier, token, "401")
        is_helper("orders:read", "orders:write")
        becomes("its role lost the permission", verifier, token, "401")
        is_helper("orders:read", "orders:write", "accounts:impersonate")
        becomes("it has both again", verifier, token, ":orders:read,orders:write")
        feed.tell(account_of(CAROL, 1, USER))
        becomes("another role", verifier, token, "401")
        feed.tell(account_of(CAROL, 1, helper), account_of(ADA, 1, USER))
        becomes("its role again, and a weaker one of the account", verifier, token, ":orders:read")
        feed.tell(account_of(ADA, 1, admin))
        becomes("the account is an administrator", verifier, token, "401")
        feed.tell(account_of(CAROL, 1, admin))
        becomes("both are", verifier, token, ":accounts:impersonate,orders:read,orders:write")

    def test_of_a_service_without_sessions_and_keys_count(self):
        feed = TestFeed(self)
        feed.edit = lambda payload: payload.pop("sessions")
        becomes("without sessions", follow(self, feed), token_of(ADA), AS_MANAGER)

    def test_lost_and_found(self):
        ways = {
            "down": status(502), "forbidden": status(403), "hanging": hang, "cut": cut, "garbage": lambda h: send(h, 200, b'{"data":{"statement":"x.y.z"}}'),
            "too long": lambda h: send(h, 200, b"x" * (2 << 20)),
        }
        cases = {f"{how}, {when_lost}": (when_lost, instead) for when_lost in ("refuse", "tokens-alone") for how, instead in ways.items()}
        at_once(cases, lambda _, case: self.lose_and_find(*case))

    def lose_and_find(self, when_lost, instead):
        feed, said = TestFeed(self), []
        hooks = {"on_found": lambda: said.append("found"), "on_lost": lambda reason: said.extend(["lost", reason.replace(",", ";")])}
        verifier = follow(self, feed, {"staleness": 1, "when_lost": when_lost, **hooks})
        feed.tell(account_of(ADA, 1, USER), account_of(BOB, 2, USER))
        token, gone = token_of(ADA), token_of(BOB)
        becomes("heard", verifier, token, AS_USER)
        becomes("heard, the dead", verifier, gone, "401")
        feed.set(instead=instead)
        began = asked = time.monotonic()
        while not verifier.lost:
            self.assertLess(asked - began, 2, "the loss is not noticed")
            time.sleep(0.002)
            asked = time.monotonic()
        # An answer that was under way may have come late.
        if when_lost == "refuse":
            becomes("lost", verifier, token, "503")
        else:
            becomes("lost", verifier, token, "Manager,User:orders:read,orders:write")
            self.assertEqual(can(verifier, gone), "401", "lost, and dead nevertheless")
        eventually("on_lost", lambda: len(said) > 1 and said[-2] == "lost")
        feed.set(instead=None)
        becomes("found", verifier, token, AS_USER)
        eventually("on_found", lambda: said[-1] == "found")
        # A busy machine may lose the feed more than once.
        self.assertTrue(re.fullmatch("(lost,[^,]+,)?found(,lost,[^,]+,found)+", ",".join(said)), said)
        verifier.stop()

    def test_are_lost_before_the_first_snapshot_and_after_stop(self):
        token = token_of(ADA)
        for when_lost, want in (("refuse", 503), ("tokens-alone", 200)):
            verifier = new_verifier(self, changes=Changes("http://127.0.0.1:1/", lambda: "x", when_lost=when_lost))
            self.assertEqual((verifier.lost, status_of(verifier, token)), (True, want))
        with self.assertRaises(Refusal) as refused:
            new_verifier(self, changes=Changes("http://127.0.0.1:1/", lambda: "x")).verify(token)
        self.assertEqual(str(refused.exception.__cause__), "the change feed is lost")
        feed = TestFeed(self)
        verifier = follow(self, feed, {"staleness": 1})
        up_to_date(verifier)
        with self.assertRaisesRegex(RuntimeError, "already"):
            verifier.start()
        verifier.stop()
        eventually("it is lost", lambda: verifier.lost)
        self.assertEqual(status_of(verifier, token), 503)
        with verifier:
            up_to_date(verifier)
        with self.assertRaisesRegex(RuntimeError, "changes"):
            Verifier(jwks="https://a.example/", issuer=ISSUER, audience=AUDIENCE, logger=SILENT).start()

    def test_are_not_believed_for_long_without_a_signature(self):
        feed, ahead = TestFeed(self), [0]
        verifier = follow(self, feed, {"staleness": 1}, now=lambda: time.time() + ahead[0])
        up_to_date(verifier)
        feed.set(instead=status(304))
        since = time.monotonic()
        eventually("304 is believed", lambda: time.monotonic() - since > 1.2 and not verifier.lost)
        ahead[0] = 61
        eventually("304 is believed no longer", lambda: verifier.lost)
        ahead[0] = 0
        feed.set(instead=None)
        up_to_date(verifier)

    def test_are_asked_for_with_short_waits_the_last_cursor_and_no_storm(self):
        feed = TestFeed(self)
        verifier = follow(self, feed, {"staleness": 1})
        eventually("four requests", lambda: len(feed.asked) >= 4)
        self.assertEqual(feed.asked[0], ("", "0", "Bearer the-followers"))
        # An answer that took long leaves no time for waiting.
        eventually("a request that waits", lambda: (f"0.{len(feed.changed)}", "300", "Bearer the-followers") in feed.asked)
        feed.set(instead=status(304))
        before, began = len(feed.asked), time.monotonic()
        time.sleep(0.5)
        self.assertLessEqual(len(feed.asked) - before, (time.monotonic() - began) / 0.02)
        up_to_date(verifier)

    def test_go_on_while_the_token_is_renewed(self):
        feed, logins, good = TestFeed(self), [], ["1"]
        feed.token = "1"
        verifier = follow(self, feed, {"staleness": 1, "token": lambda: logins.append(1) or good[0]})
        up_to_date(verifier)
        good[0] = "2"
        feed.set(token="2")
        eventually("another login", lambda: len(logins) == 2)
        up_to_date(verifier)

        calls = []

        def login():
            calls.append(1)
            if len(calls) > 1:
                raise OSError("no logins now")
            now = int(time.time())
            return token_of(BOB, iat=now, exp=now + 2)

        renewing = follow(self, TestFeed(self), {"token": login, "staleness": 1})
        up_to_date(renewing)
        eventually("another login before the token ends", lambda: len(calls) == 2)
        up_to_date(renewing)

    def test_are_asked_for_slowly_where_logins_fail(self):
        feed, logins, said = TestFeed(self), [], []

        def login():
            logins.append(1)
            raise OSError("wrong password")

        follow(self, feed, {"staleness": 1, "token": login, "on_lost": lambda reason: said.append((reason, len(logins)))})
        eventually("word of it", lambda: said)
        self.assertIn("wrong password", said[0][0])
        self.assertTrue(1 <= said[0][1] <= 6, f"{said[0][1]} logins in 5 seconds")
        self.assertEqual(feed.asked, [])

    def test_are_read_by_two_verifiers_at_once(self):
        feed = TestFeed(self)
        both = [follow(self, feed), follow(self, feed)]
        for verifier in both:
            up_to_date(verifier)
        feed.tell(account_of(ADA, 1, USER))
        for verifier in both:
            becomes("heard", verifier, token_of(ADA), AS_USER)

    def test_survive_a_hook_that_raises_and_a_stop_in_the_middle(self):
        feed = TestFeed(self)

        def hook():
            raise ValueError("hook")

        verifier = follow(self, feed, {"on_found": hook})
        up_to_date(verifier)
        feed.set(instead=hang)
        began = time.monotonic()
        verifier.stop()
        self.assertLess(time.monotonic() - began, 5)

    def test_are_followed_in_the_child_of_a_fork(self):
        feed = TestFeed(self)
        verifier = follow(self, feed, {"staleness": 5})
        up_to_date(verifier)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                eventually("the child hears a change", lambda: can(verifier, token_of(ADA)) == AS_USER)
                code = 0
            finally:
                os._exit(code)
        time.sleep(0.1)
        feed.tell(account_of(ADA, 1, USER))
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
        becomes("the parent", verifier, token_of(ADA), AS_USER)


if __name__ == "__main__":
    unittest.main()
