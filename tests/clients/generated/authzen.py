"""Asks the service through decern, a public client of AuthZEN that shares no code with it."""

import json
import os
import urllib.request

from decern import Client, DecernError

ORIGIN = os.environ["ORIGIN"]


def call(method, path, token=None, body=None):
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    data = json.dumps(body).encode() if body is not None else None
    with urllib.request.urlopen(urllib.request.Request(ORIGIN + path, data=data, headers=headers, method=method)) as answer:
        return json.load(answer)["data"]


def login(email, password):
    return call("POST", "/api/v1/auth/login", body={"email": email, "password": password})["token"]


def main():
    admin, user = login("admin@example.com", "admin123"), login("user@example.com", "user123")
    me, other = (call("GET", "/api/v1/auth/me", token)["id"] for token in (admin, user))
    resource = {"type": "document", "id": "1"}

    pdp = Client(ORIGIN, token=admin)
    yes = pdp.evaluate(subject={"type": "user", "id": me}, action="roles:read", resource=resource, context={"time": "1985-10-26T01:22-07:00"})
    assert yes.allowed and yes.context == {"reason": "granted"}, yes
    for subject, action, reason in ((other, "roles:read", "not_granted"), (other, "none", "unknown_permission"), ("none", "roles:read", "unknown_subject")):
        no = pdp.evaluate(subject={"type": "user", "id": subject}, action={"name": action, "properties": {"soft": True}}, resource=resource)
        assert not no.allowed and no.context == {"reason": reason}, no

    for client, subject, status in ((Client(ORIGIN, token=user), me, 403), (Client(ORIGIN), me, 401), (pdp, "", 400)):
        try:
            answer = client.evaluate(subject={"type": "user", "id": subject}, action="roles:read", resource=resource)
        except DecernError as error:
            assert error.status_code == status and json.loads(error.body)["message"], error
        else:
            raise AssertionError(answer)


main()
