"""The shared vectors: this package says of each token what svc-users says, and of each role what it may do."""

import base64
import datetime
import json
import pathlib
import re
import unittest

from help import SILENT, USER, Server, answer_json, permission_id
from svc_users_authn import Actor, Changes, Refusal, Verifier
from svc_users_authn._claims import Claims
from svc_users_authn._facts import Facts, Lease, Reading
from svc_users_authn._rights import BadFacts
from svc_users_authn._statement import Account, Statement, ToldRole

TESTDATA = pathlib.Path(__file__).parent / "../../../authn/testdata"


def read(name):
    return json.loads((TESTDATA / name).read_text())


class VectorsTest(unittest.TestCase):
    def test_every_vector_has_the_verdict_of_the_service(self):
        file = read("vectors.json")
        server = Server(self, answer_json(file["jwks"]))
        verifier = Verifier(jwks=server.url, issuer=file["issuer"], audience=file["audience"], logger=SILENT, now=lambda: file["now"])
        self.addCleanup(verifier.stop)
        counts = {True: 0, False: 0}
        for vector in file["tokens"]:
            raw = vector.get("base64")
            token = base64.b64decode(raw).decode("latin-1") if raw else vector.get("token", "")
            good, reason = True, ""
            try:
                principal = verifier.verify(token)
            except Refusal as refusal:
                good, reason = False, f"{refusal} {refusal.__cause__}"
                self.assertEqual(refusal.status, 401, vector["name"])
                self.assertIsNone(re.search("[\"'\\\\{\0\n]", reason), f"{vector['name']}: it seems to quote: {reason}")
            self.assertEqual(good, vector["good"], f"{vector['name']}: {reason}")
            if good:
                self.assertEqual(principal.__dict__, leniently(token), vector["name"])
            counts[good] += 1
        self.assertTrue(counts[True] >= 12 and counts[False] >= 300, counts)
        self.assertEqual(server.asked, 1 + 1, "made-up keys cause one request")


def leniently(token):
    """What a lenient reader understands of a token."""
    part = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    scope = tuple(claims["scope"].split(" ")) if "scope" in claims else None
    times = {name: datetime.datetime.fromtimestamp(claims[name], datetime.timezone.utc) for name in ("iat", "exp")}
    return {
        "account": claims["sub"], "service": "email" not in claims, "email": claims.get("email"), "scope": scope,
        "roles": tuple(claims["roles"]), "permissions": tuple(sorted(claims["permissions"])) if scope is None else scope,
        "permissions_omitted": scope is None and claims.get("permissions_omitted", False), "live": False, "actor": actor_of(claims.get("act")), "token_id": claims["jti"], "session": claims.get("sid"),
        "issued_at": times["iat"], "expires": times["exp"],
    }


def actor_of(act):
    return act and Actor(act["sub"], act.get("impersonator", False), actor_of(act.get("act")))


def limits(**changes):
    everything = {"max_accounts": 10**9, "max_roles": 10**9, "max_permissions": 10**9, "max_assignments": 10**9}
    return Changes("https://users.example/", str, **{**everything, **changes})


def statement(**values):
    empty = {"issued": 1, "cursor": "c", "reset": False, "more": False, "signer": "key-1", "keys": None, "permissions": [], "roles": [], "accounts": {}, "sessions": {}}
    return Statement(**{**empty, **values})


def told_role(role_id=USER, name="R", parent=None, everything=False, continued=False, permissions=()):
    return ToldRole(role_id, name, parent, everything, continued, permissions)


def apply(*statements):
    """Applies statements, and shares the facts now and then as if they had readers."""
    facts = None
    for number, one in enumerate(statements):
        facts = Facts.after(facts, one, limits())
        if number % 3 == 0:
            facts.share()
    return facts


class FactsTest(unittest.TestCase):
    def test_closures_are_those_of_the_service(self):
        closures = read("closures.json")
        self.assertGreaterEqual(len(closures), 50)
        for closure in closures:
            permissions = list(closure["permissions"].items())
            roles = [told_role(u, "role " + u, r["parent"], r["all"], False, r["permissions"]) for u, r in closure["roles"].items()]
            pieces = [statement(reset=True)]
            for role in roles:
                half = len(role.permissions) // 2
                pieces.append(statement(roles=[role._replace(permissions=role.permissions[:half])]))
                pieces.append(statement(roles=[role._replace(permissions=role.permissions[half:], continued=True)]))
            pieces += [statement(permissions=[one]) for one in permissions]
            for facts in (apply(statement(reset=True, permissions=permissions, roles=roles)), apply(*pieces)):
                for role_id, want in closure["effective"].items():
                    self.assertEqual(facts.rights.of(role_id), ("role " + role_id, tuple(want)))
                    self.assertEqual(facts.rights.named("role " + role_id), role_id)

    def test_rights_that_are_read_stay_as_they_are(self):
        one, two = permission_id("one"), permission_id("two")
        facts = apply(statement(reset=True, permissions=[(one, "one"), (two, "two")], roles=[told_role(permissions=[one])]))

        def seen(f):
            return f.rights.of(USER), f.rights.assigned, f.rights.count, [name for name in f.rights.names if name]

        before = seen(facts)
        for change in (
            {"permissions": [(one, "uno")]}, {"permissions": [(one, None)]}, {"roles": [told_role(permissions=[one, two, permission_id("x")])]},
            {"roles": [told_role(continued=True, permissions=[two])]}, {"roles": [told_role(name=None)]},
        ):
            following = Facts.after(facts, statement(**change), limits())
            self.assertEqual(seen(facts), before)
            self.assertNotEqual(seen(following), before)

    def test_more_than_may_be_kept_is_refused(self):
        ids = [permission_id(str(n)) for n in range(10)]
        told = statement(
            reset=True, permissions=[(u, "p" + u) for u in ids], roles=[told_role(u, "r" + u, permissions=[u, USER]) for u in ids],
            accounts={u: Account(1, None, 1) for u in ids},
        )
        least = {"max_accounts": 10, "max_roles": 10, "max_permissions": 10, "max_assignments": 20}
        facts = Facts.after(None, told, limits(**least))
        for name, value in least.items():
            with self.assertRaisesRegex(BadFacts, name):
                Facts.after(None, told, limits(**{**least, name: value - 1}))
        with self.assertRaisesRegex(BadFacts, "max_permissions"):  # nor do permissions that come and go pile up
            for n in range(100):
                facts = Facts.after(facts, statement(permissions=[(permission_id(f"gone{n}"), None)]), limits(**least))

    def test_ended_sessions_are_forgotten_when_no_token_of_them_can_be_valid(self):
        start = 1_800_000_000
        facts = before = apply(statement(issued=start, reset=True, sessions={USER: start + 60, permission_id("x"): start + 3600}))
        for after, want in ((30, 2), (120, 1), (7200, 0)):
            facts = Facts.after(facts, statement(issued=start + after), limits())
            self.assertEqual(facts.ended.size, want)
        self.assertTrue(before.ended.size == 2 and USER in before.ended, "what others read has changed")

    def test_a_token_that_is_dead_for_good_stays_so(self):
        for account, version, issued, session, want in (
            (None, 1, 1, None, False),
            (Account(None, None, 1000), 9, 999, None, True), (Account(None, None, 1000), 9, 1000, None, True), (Account(None, None, 1000), 1, 1001, None, False),
            (Account(5, None, 1000), 4, 2000, None, True), (Account(5, None, 1000), 5, 1, None, False), (Account(5, None, 1000), 6, 1, None, False),
            (Account(5, None, 1000), 5, 1, permission_id("ended"), True),
        ):
            facts = Facts()
            facts.ended.set(permission_id("ended"), 1)
            if account:
                facts.accounts.set(USER, account)
            claims = Claims(USER, "", issued, issued, issued, version, "a", None, ["R"], [], False, None, session, False, None)
            self.assertEqual(facts.dead_for_good(claims), want, (account, version, issued))

    def test_facts_are_stale_by_either_clock(self):
        lease = Lease(Facts(), Reading(5.0, 1000.0), 1.0)
        for steady, wall, want in ((5, 1000, True), (5.9, 1000.9, True), (6, 1001, False), (5.01, 1060, False), (65, 1000.01, False), (65, 0, False)):
            self.assertEqual(lease.fresh(Reading(steady, wall)), want, (steady, wall))


if __name__ == "__main__":
    unittest.main()
