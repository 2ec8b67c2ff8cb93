"""Verifies tokens with PyJWT and its default caches: reads one a line, and answers each with a line, ok or why not.

    python3 verifier.py JWKS-URL ISSUER AUDIENCE
"""

import sys

import jwt


def main(url, issuer, audience):
    keys = jwt.PyJWKClient(url)
    for line in sys.stdin:
        token = line.strip()
        try:
            key = keys.get_signing_key_from_jwt(token).key
            jwt.decode(token, key, algorithms=["RS256", "ES256"], issuer=issuer, audience=audience)
            print("ok", flush=True)
        except jwt.PyJWTError as error:
            print(f"{type(error).__name__}: {error}".replace("\n", " "), flush=True)


main(*sys.argv[1:])
