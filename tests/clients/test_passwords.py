"""Password hashes across implementations: those of Debian's bcrypt and passlib log in here, and ours verify there."""

import contextlib
import sqlite3
import unittest
import uuid

import bcrypt
from passlib.hash import bcrypt_sha256

from service import COST, Service

SHORT = "correct horse battery staple"
# 46 characters of two bytes each in UTF-8: more than the 72 bytes that bcrypt sees.
LONG = "пароль" * 7 + "дома"
OTHERS = {"another case": SHORT.upper(), "a character more": SHORT + "x", "its end cut off": SHORT[:-1]}
LONG_OTHERS = {"its first 72 bytes": LONG.encode()[:72].decode(), "another end": LONG[:-1] + "б"}


def foreign_bcrypt(password, prefix=b"2b", rounds=COST):
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds, prefix=prefix)).decode()


class PasswordsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        service = Service()
        cls.service = service.__enter__()
        cls.addClassCleanup(service.__exit__, None, None, None)
        cls.admin = cls.service.admin_token()
        status, answer = cls.service.call("GET", "/api/v1/roles?q=User", token=cls.admin)
        if status != 200:
            raise AssertionError(f"the roles cannot be listed: {answer}")
        cls.role_id = answer["data"][0]["id"]

    def new_account(self, password):
        """Makes an account through the API; returns its e-mail."""
        email = f"{uuid.uuid4().hex}@example.com"
        body = {"email": email, "password": password, "role_id": self.role_id}
        status, answer = self.service.call("POST", "/api/v1/accounts", body, self.admin)
        self.assertEqual(status, 201, answer)
        return email

    @contextlib.contextmanager
    def database(self):
        """The service's own database, opened beside the running service."""
        with contextlib.closing(sqlite3.connect(self.service.database, timeout=600)) as connection:
            with connection:
                yield connection

    def stored_hash(self, email):
        with self.database() as connection:
            (stored,) = connection.execute("SELECT password_hash FROM accounts WHERE email = ?", (email,)).fetchone()
            return stored

    def account_with(self, stored):
        """Makes an account and puts a hash of another implementation in the place of its own."""
        email = self.new_account("replaced in a moment")
        with self.database() as connection:
            done = connection.execute("UPDATE accounts SET password_hash = ? WHERE email = ?", (stored, email))
            self.assertEqual(done.rowcount, 1)
        return email

    def assert_opens(self, email, password, others):
        for what, other in others.items():
            self.assertEqual(self.service.login(email, other)[0], 401, what)
        status, token = self.service.login(email, password)
        self.assertEqual(status, 200)
        status, answer = self.service.call("GET", "/api/v1/auth/me", token=token)
        self.assertEqual((status, answer["data"]["email"]), (200, email))

    def test_bcrypt_of_python_logs_in(self):
        for prefix in (b"2b", b"2a"):
            with self.subTest(prefix=prefix):
                stored = foreign_bcrypt(SHORT, prefix)
                self.assertTrue(stored.startswith(f"${prefix.decode()}${COST}$"))
                self.assert_opens(self.account_with(stored), SHORT, OTHERS)

    def test_bcrypt_of_php_logs_in(self):
        # PHP writes the same computation as 2y.
        stored = foreign_bcrypt(SHORT).replace("$2b$", "$2y$", 1)
        self.assert_opens(self.account_with(stored), SHORT, OTHERS)

    def test_bcrypt_sha256_of_passlib_logs_in(self):
        for version in (2, 1):
            for password, others in ((SHORT, OTHERS), (LONG, LONG_OTHERS)):
                with self.subTest(version=version, password=password):
                    stored = bcrypt_sha256.using(version=version, rounds=COST).hash(password)
                    self.assert_opens(self.account_with(stored), password, others)

    def test_plain_bcrypt_never_matches_more_than_72_bytes(self):
        # Python's bcrypt cuts the password off; all that begin alike would match.
        email = self.account_with(foreign_bcrypt(LONG))
        self.assertEqual(self.service.login(email, LONG)[0], 401)
        self.assertEqual(self.service.login(email, LONG_OTHERS["its first 72 bytes"])[0], 200)

    def test_another_cost_is_replaced_at_login(self):
        for rounds in (COST - 2, COST + 1):
            with self.subTest(rounds=rounds):
                stored = foreign_bcrypt(SHORT, rounds=rounds)
                email = self.account_with(stored)
                self.assert_opens(email, SHORT, OTHERS)
                replaced = self.stored_hash(email)
                self.assertNotEqual(replaced, stored)
                self.assertTrue(replaced.startswith(f"$2b${COST}$"), "the cost of the service")
                self.assertTrue(bcrypt.checkpw(SHORT.encode(), replaced.encode()))
                self.assert_opens(email, SHORT, OTHERS)

    def test_ours_verifies_with_bcrypt(self):
        stored = self.stored_hash(self.new_account(SHORT)).encode()
        self.assertTrue(bcrypt.checkpw(SHORT.encode(), stored))
        for what, other in OTHERS.items():
            self.assertFalse(bcrypt.checkpw(other.encode(), stored), what)

    def test_ours_of_a_long_password_verifies_with_passlib(self):
        stored = self.stored_hash(self.new_account(LONG))
        self.assertTrue(stored.startswith("$bcrypt-sha256$v=2,t=2b,r="))
        self.assertTrue(bcrypt_sha256.verify(LONG, stored))
        for what, other in LONG_OTHERS.items():
            self.assertFalse(bcrypt_sha256.verify(other, stored), what)


if __name__ == "__main__":
    unittest.main()
