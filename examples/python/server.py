"""A small service whose GET /orders needs orders:read: `python3 server.py`."""

import http.server
import json
import os
import urllib.request

from svc_users_authn import Changes, Refusal, Verifier, describe_refusal


def orders_server(address, verifier, permission="orders:read"):
    """Makes the server, which listens and does not serve yet."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/readyz":
                self.answer(503 if verifier.lost else 200, {"lost": verifier.lost})
            elif self.path == "/orders":
                self.list_orders()
            else:
                self.answer(404, {"error": "There is only /orders."})

        def list_orders(self):
            try:
                caller = verifier.authenticate(self.headers.get_all("Authorization", []), [permission])
            except Refusal as refusal:
                response = describe_refusal(refusal, [permission])
                self.write(response.status, response.headers, response.body)
            else:
                self.answer(200, {"orders": [], "account": caller.account})

        def answer(self, status, body):
            self.write(status, {"Content-Type": "application/json", "Cache-Control": "no-store"}, json.dumps(body).encode())

        def write(self, status, headers, body):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Says nothing: a line of a log might hold what should not be in it."""

    return http.server.ThreadingHTTPServer(address, Handler)


def read_settings(environment):
    """The options of a Verifier from the environment; README.md has the table."""

    def setting(name, standard):
        return environment.get(name) or standard

    users = setting("SVC_USERS_URL", "http://127.0.0.1:8001").rstrip("/")
    email, password = environment.get("ORDERS_EMAIL"), environment.get("ORDERS_PASSWORD")
    if bool(email) != bool(password):
        raise ValueError("ORDERS_EMAIL and ORDERS_PASSWORD must be set together, or neither")
    when_lost = {"refuse": "refuse", "tokens": "tokens-alone"}.get(setting("ORDERS_WHEN_LOST", "refuse"))
    if when_lost is None:
        raise ValueError("ORDERS_WHEN_LOST must be refuse or tokens")
    changes = None
    if email:
        changes = Changes(users + "/api/v1/auth/changes", token=lambda: login(users, email, password), when_lost=when_lost)
    return {
        "jwks": users + "/.well-known/jwks.json",
        "issuer": setting("JWT_ISSUER", "https://api.example.com"),
        "audience": setting("JWT_AUDIENCE", "https://api.example.com"),
        "changes": changes,
    }


def login(users, email, password):
    """Gets a token for the account of this service. The verifier asks for one when it needs it, so nothing is kept here."""
    body = json.dumps({"email": email, "password": password}).encode()
    request = urllib.request.Request(users + "/api/v1/auth/login", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["data"]["token"]


if __name__ == "__main__":
    settings = read_settings(os.environ)
    verifier = Verifier(**settings)
    if settings["changes"]:
        verifier.start()
    print("http://127.0.0.1:8004/orders")
    try:
        orders_server(("127.0.0.1", 8004), verifier).serve_forever()
    except KeyboardInterrupt:
        verifier.stop()
