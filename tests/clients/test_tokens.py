"""Our tokens and key documents as Debian's PyJWT and cryptography see them, which share no code with us."""

import base64
import json
import time
import unittest
import uuid

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from service import ADMIN, AUDIENCE, ISSUER, Service

DOCUMENTS = ("/.well-known/jwks.json", "/api/v1/auth/jwks")
CLAIMS = ["iss", "aud", "sub", "iat", "nbf", "exp", "jti", "ver", "email", "role_id", "roles", "permissions"]


def decode(token, key, **changes):
    settings = {"algorithms": ["RS256", "ES256"], "issuer": ISSUER, "audience": AUDIENCE, "options": {"require": CLAIMS}}
    return jwt.decode(token, key, **{**settings, **changes})


def with_part(token, index, edit):
    """The token with one part replaced by what edit makes of its bytes."""
    parts = token.split(".")
    raw = base64.urlsafe_b64decode(parts[index] + "=" * (-len(parts[index]) % 4))
    parts[index] = base64.urlsafe_b64encode(edit(raw)).rstrip(b"=").decode()
    return ".".join(parts)


def with_claims(**changes):
    return lambda raw: json.dumps({**json.loads(raw), **changes}).encode()


def with_one_bit_changed(raw):
    return raw[:40] + bytes([raw[40] ^ 1]) + raw[41:]


class TokensTest(unittest.TestCase):
    algorithm, other = "RS256", "ES256"

    @classmethod
    def setUpClass(cls):
        service = Service(JWT_ALGORITHM=cls.algorithm)
        cls.service = service.__enter__()
        cls.addClassCleanup(service.__exit__, None, None, None)
        cls.token = cls.service.admin_token()

    def signing_key(self, document):
        return jwt.PyJWKClient(self.service.origin + document).get_signing_key_from_jwt(self.token).key

    def test_verifies_and_says_what_the_contract_promises(self):
        for document in DOCUMENTS:
            with self.subTest(document):
                claims = decode(self.token, self.signing_key(document))
                self.assertEqual(sorted(claims), sorted(CLAIMS))
                self.assertEqual(claims["email"], ADMIN["email"])
                self.assertEqual(claims["roles"], ["Admin", "Manager", "User"])
                self.assertEqual(claims["permissions"], sorted(claims["permissions"]))
                self.assertIn("roles:update", claims["permissions"])
                self.assertEqual(claims["ver"], 1)
                self.assertEqual(uuid.UUID(claims["jti"]).version, 7)
                self.assertEqual(str(uuid.UUID(claims["sub"])), claims["sub"])
                self.assertEqual(claims["exp"] - claims["iat"], 7 * 24 * 60 * 60)
                self.assertLess(abs(claims["iat"] - time.time()), 60)
        header = jwt.get_unverified_header(self.token)
        self.assertEqual((header["alg"], header["typ"]), (self.algorithm, "JWT"))

    def test_changed_tokens_are_refused(self):
        forgeries = {
            "claim": with_part(self.token, 1, with_claims(sub=str(uuid.uuid4()))),
            "signature": with_part(self.token, 2, with_one_bit_changed),
            "other algorithm": with_part(self.token, 0, with_claims(alg=self.other)),
            "alg none": with_part(self.token, 0, with_claims(alg="none")).rpartition(".")[0] + ".",
        }
        for document in DOCUMENTS:
            key = self.signing_key(document)
            for name, forged in forgeries.items():
                with self.subTest(document=document, changed=name):
                    with self.assertRaises((jwt.InvalidTokenError, TypeError)):  # TypeError: a key of the other kind
                        decode(forged, key)
                    status, _ = self.service.call("GET", "/api/v1/auth/me", token=forged)
                    self.assertEqual(status, 401)

    def test_other_issuer_or_audience_is_refused(self):
        key = self.signing_key(DOCUMENTS[0])
        with self.assertRaises(jwt.InvalidIssuerError):
            decode(self.token, key, issuer="https://other.test")
        with self.assertRaises(jwt.InvalidAudienceError):
            decode(self.token, key, audience="https://other.test")

    def test_unknown_kid_has_no_key(self):
        stranger = with_part(self.token, 0, with_claims(kid="unknown"))
        with self.assertRaises(jwt.PyJWKClientError):
            jwt.PyJWKClient(self.service.origin + DOCUMENTS[0]).get_signing_key_from_jwt(stranger)

    def test_the_pem_is_the_same_key(self):
        status, answer = self.service.call("GET", "/api/v1/auth/jwks")
        self.assertEqual(status, 200)
        pem = load_pem_public_key(base64.b64decode(answer["keys"][0]["publicKey"]))
        self.assertEqual(pem.public_numbers(), self.signing_key(DOCUMENTS[0]).public_numbers())
        self.assertEqual(decode(self.token, pem)["email"], ADMIN["email"])


class ES256TokensTest(TokensTest):
    algorithm, other = "ES256", "RS256"


if __name__ == "__main__":
    unittest.main()
