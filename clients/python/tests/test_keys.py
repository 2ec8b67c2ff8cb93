"""The keys of an issuer: when they are fetched, and which count."""

import asyncio
import threading
import time
import unittest

from help import ADA, OURS, SILENT, THEIRS, Key, Server, answer_json, encode, eventually, hang, keys_answer, new_verifier, send, status, status_of, token_of
from svc_users_authn._http import Client, RequestFailed
from svc_users_authn._keys import KeySource, max_age
from svc_users_authn.errors import InvalidToken, KeysUnavailable

OTHER = Key("key-2", "rsa")
COOL_DOWN = 12.5  # with what is added at random
DAY = 24 * 3600


class Source:
    """A source of keys whose clock the test moves."""

    def __init__(self, test, answer):
        self.server, self.now = Server(test, answer), 0.0
        client = Client()
        test.addCleanup(client.close)
        self.keys = KeySource(self.server.url, client, SILENT, lambda: self.now)

    def get(self, kid):
        try:
            self.keys.get(kid)
        except InvalidToken:
            return 401
        except KeysUnavailable:
            return 503
        return 200


class KeysTest(unittest.TestCase):
    def test_many_at_once_cause_one_request(self):
        def slowly(handler):
            time.sleep(0.05)
            keys_answer(OURS)(handler)

        source, got = Source(self, slowly), []
        threads = [threading.Thread(target=lambda: got.append(source.get("key-1"))) for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((got, source.server.asked), ([200] * 50, 1))

    def test_many_at_once_do_not_block_the_event_loop(self):
        release = threading.Event()

        def late(handler):
            release.wait(60)
            keys_answer(OURS)(handler)

        server = Server(self, late)
        verifier = new_verifier(self, jwks=server.url)

        async def run():
            waiting = [asyncio.ensure_future(verifier.verify_async(token_of(ADA))) for _ in range(50)]
            while not server.asked:
                await asyncio.sleep(0.005)
            release.set()
            return await asyncio.gather(*waiting)

        self.assertEqual({principal.account for principal in asyncio.run(run())}, {ADA})
        self.assertEqual(server.asked, 1)

    def test_a_caller_who_leaves_does_not_end_the_request(self):
        release = threading.Event()

        def late(handler):
            release.wait(60)
            keys_answer(OURS)(handler)

        verifier = new_verifier(self, jwks=Server(self, late).url)

        async def run():
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(verifier.verify_async(token_of(ADA)), 0.05)
            staying = asyncio.ensure_future(verifier.verify_async(token_of(ADA)))
            await asyncio.sleep(0)
            release.set()
            return await staying

        self.assertEqual(asyncio.run(run()).account, ADA)

    def test_what_is_no_token_causes_no_request(self):
        server = Server(self, keys_answer(OURS))
        verifier = new_verifier(self, jwks=server.url)
        other = Key("key-1")
        other.alg = "HS256"
        for token in ("", "x", "x.y.z", "a.b.c.d", "x" * 9000, token_of(ADA, other), "\ud800.a.b", None, 7, b"x", ["x"]):
            self.assertEqual(status_of(verifier, token), 401, token)
        self.assertEqual(server.asked, 0)

    def test_keys_age_and_are_confirmed(self):
        def answer(handler):
            headers = {"ETag": '"one"', "Cache-Control": "public, max-age=60"}
            if handler.headers["If-None-Match"] == '"one"':
                send(handler, 304, **headers)
            else:
                answer_json({"keys": [OURS.jwk]}, **headers)(handler)

        source = Source(self, answer)
        self.assertEqual(source.get("key-1"), 200)
        source.now += 44
        self.assertEqual((source.get("key-1"), source.server.asked), (200, 1))
        source.now += 2
        self.assertEqual(source.get("key-1"), 200)
        eventually("they are renewed behind the request", lambda: source.server.asked == 2 and source.keys._fetching is None)
        source.now += 44
        self.assertEqual((source.get("key-1"), source.server.asked), (200, 2))

    def test_a_withdrawn_key_counts_until_the_keys_are_renewed(self):
        for after, first in ((301, 200), (601, 401)):
            source = Source(self, keys_answer(OURS))
            self.assertEqual(source.get("key-1"), 200)
            source.server.answer = keys_answer(OTHER)
            source.now += after
            self.assertEqual(source.get("key-1"), first)
            eventually("it counts no longer", lambda source=source: source.get("key-1") == 401)

    def test_unknown_ids_cause_one_request_per_cool_down(self):
        source = Source(self, keys_answer(OURS))
        self.assertEqual(source.get("key-1"), 200)
        for number in range(2, 22):
            self.assertEqual(source.get(f"key-{number}"), 401)
        self.assertEqual(source.server.asked, 2)
        source.server.answer = keys_answer(OURS, OTHER)
        self.assertEqual(source.get("key-2"), 401, "within the cool-down")
        source.now += COOL_DOWN
        self.assertEqual((source.get("key-2"), source.server.asked), (200, 3))

    def test_old_keys_outlive_an_issuer_that_is_down(self):
        source = Source(self, keys_answer(OURS))
        self.assertEqual(source.get("key-1"), 200)
        source.server.answer = status(500)
        source.now += 301
        for _ in range(10):
            self.assertEqual(source.get("key-1"), 200)
        eventually("it is found down", lambda: source.server.asked == 2 and source.get("key-2") == 503)
        self.assertEqual((source.get("key-1"), source.server.asked), (200, 2))
        source.now += DAY
        self.assertEqual(source.get("key-1"), 503, "down for too long")
        source.server.answer = keys_answer(OURS)
        self.assertEqual(source.get("key-1"), 503, "not again at once")
        source.now += COOL_DOWN
        self.assertEqual(source.get("key-1"), 200)

    def test_an_issuer_that_is_silent_holds_up_no_request_for_long(self):
        for after, most in ((240, 0.5), (301, 0.5), (DAY - 60, 3)):
            source = Source(self, keys_answer(OURS))
            self.assertEqual(source.get("key-1"), 200)
            source.server.answer = hang
            source.now += after
            began = time.monotonic()
            self.assertEqual(source.get("key-1"), 200)
            self.assertLess(time.monotonic() - began, most)
            eventually("the keys are asked for", lambda source=source: source.server.asked == 2)

    def test_listed_keys_that_are_missing_are_fetched_at_once_and_then_less_and_less_often(self):
        source = Source(self, keys_answer(OURS))

        def expect(*kids):
            source.keys.expect(kids)
            eventually("no request is under way", lambda: source.keys._fetching is None)

        self.assertEqual((source.get("key-1"), source.get("key-9")), (200, 401))
        expect("key-1")
        self.assertEqual(source.server.asked, 2)
        expect("key-1", "key-2")
        self.assertEqual(source.server.asked, 3, "whatever unknown ids have caused")
        self.assertEqual(source.server.requests[2].headers["Cache-Control"], "no-cache")
        for _ in range(120):
            source.now += 1
            expect("key-1", "key-2")
        self.assertTrue(7 <= source.server.asked <= 12, source.server.asked)
        source.server.answer = keys_answer(OURS, OTHER)
        source.now += 301 * 1.25
        expect("key-1", "key-2")
        self.assertEqual(source.get("key-2"), 200)

    def test_keys_since_a_time_are_fetched_anew_once_a_second(self):
        source = Source(self, keys_answer(OURS))

        def since(kid, time):
            try:
                source.keys.get_since(kid, time)
            except InvalidToken:
                return 401
            except KeysUnavailable:
                return 503
            return 200

        self.assertEqual((since("key-1", -1), source.server.asked), (200, 1))
        source.now += 0.5
        self.assertEqual(since("key-1", 0.1), 401, "so short a time after the last request")
        source.now += 0.6
        source.server.answer = keys_answer(OTHER)
        self.assertEqual((since("key-1", 0.1), since("key-2", 0.1), source.server.asked), (401, 200, 2))
        source.now += 2
        source.server.answer = status(500)
        self.assertEqual(since("key-2", 2), 503)

    def test_a_slow_answer_is_bounded(self):
        def drip(handler):
            handler.send_response(200)
            handler.send_header("Content-Length", "1000")
            handler.end_headers()
            for _ in range(1000):
                handler.wfile.write(b"x")
                time.sleep(0.02)

        client, server = Client(), Server(self, drip)
        began = time.monotonic()
        with self.assertRaisesRegex(RequestFailed, "no answer in time|timed out"):
            client.request(server.url, headers={}, limit=10_000, head_timeout=5, body_timeout=0.3)
        self.assertLess(time.monotonic() - began, 4)

    def test_keys_that_are_none_of_ours(self):
        rsa = Key("key-1", "rsa")
        number = rsa.private.public_key().public_numbers().n
        padded = encode(b"\0" + number.to_bytes(256, "big"))

        def without(jwk, *names):
            return {name: value for name, value in jwk.items() if name not in names}

        for name, published, want, *signer in (
            ("good", [rsa.jwk], 200),
            ("of a curve", [OURS.jwk], 200, OURS),
            ("without use and alg", [without(rsa.jwk, "use", "alg")], 200),
            ("beside one of a curve", [{"kty": "EC", "kid": "key-1", "crv": "P-256", "x": "AA", "y": "AA"}, rsa.jwk], 200),
            ("key_ops verify", [{**rsa.jwk, "key_ops": ["verify"]}], 200),
            ("key_ops encrypt", [{**rsa.jwk, "key_ops": ["encrypt"]}], 503),
            ("key_ops a text", [{**rsa.jwk, "key_ops": "verify"}], 503),
            ("for encryption", [{**rsa.jwk, "use": "enc"}], 503),
            ("use null", [{**rsa.jwk, "use": None}], 503),
            ("for RS512", [{**rsa.jwk, "alg": "RS512"}], 503),
            ("alg null", [{**rsa.jwk, "alg": None}], 503),
            ("symmetric", [{**rsa.jwk, "kty": "oct"}], 503),
            ("of 1024 bits", [Key("key-1", "rsa", 1024).jwk], 503),
            ("exponent 3", [{**rsa.jwk, "e": "Aw"}], 503),
            ("exponent even", [{**rsa.jwk, "e": "AQAC"}], 503),
            ("exponent of 5 bytes", [{**rsa.jwk, "e": "AQAAAAE"}], 503),
            ("modulus padded", [{**rsa.jwk, "n": padded}], 503),
            ("modulus a number", [{**rsa.jwk, "n": 5}], 503),
            ("a point not on the curve", [{**OURS.jwk, "y": OURS.jwk["x"]}], 503),
            ("a coordinate too short", [{**OURS.jwk, "y": "AA"}], 503),
            ("another curve", [{**OURS.jwk, "crv": "P-384"}], 503),
            ("no kid", [without(rsa.jwk, "kid")], 503),
            ("another kid", [{**rsa.jwk, "kid": "key-9"}], 401),
            ("one kid twice", [rsa.jwk, Key("key-1", "rsa").jwk], 503),
            ("none", [], 503),
            ("no array", rsa.jwk, 503),
            ("another key, ours by name", [THEIRS.jwk], 401, OURS),
            ("of another algorithm, ours by name", [OURS.jwk], 401),
        ):
            self.assertEqual(self.outcome({"keys": published}, *(signer or [rsa])), want, name)
        for name, document in {"in capitals": {"Keys": [rsa.jwk]}, "no object": [rsa.jwk], "too long": {"keys": [rsa.jwk], "x": "x" * (1 << 20)}}.items():
            self.assertEqual(self.outcome(document, rsa), 503, name)
        self.assertEqual(self.outcome({"status": "success", "data": {"keys": [rsa.jwk]}, "keys": [{**rsa.jwk, "publicKey": "x"}]}, rsa), 200)

    def outcome(self, document, signer):
        return status_of(new_verifier(self, jwks=Server(self, answer_json(document)).url), token_of(ADA, signer))

    def test_redirects_stay_at_their_origin(self):
        def to(place):
            return status(302, Location=place)

        evil = Server(self, keys_answer(OURS))
        away = Server(self, to(evil.url))
        self.assertEqual(status_of(new_verifier(self, jwks=away.url), token_of(ADA)), 503)
        self.assertEqual(evil.asked, 0)
        answers = {"/old": to("/new"), "/new": keys_answer(OURS), "/round": to("/round")}
        home = Server(self, lambda handler: answers[handler.path](handler))
        self.assertEqual(status_of(new_verifier(self, jwks=home.url + "old"), token_of(ADA)), 200)
        self.assertEqual(status_of(new_verifier(self, jwks=home.url + "round"), token_of(ADA)), 503)

    def test_max_age(self):
        for header, want in (
            ("", 300), ("public", 300), ("max-age=60", 60), ("public, MAX-AGE=60", 60), ('max-age="60"', 60), ("max-age=0", 10), ("max-age=-1", 300),
            ("max-age=x", 300), ("no-store", 10), ("max-age=60, no-cache", 10), ("max-age=2000000000", 86400), ("max-age=99999999999999999999", 300),
        ):
            self.assertEqual(max_age([header]), want, header)


if __name__ == "__main__":
    unittest.main()
