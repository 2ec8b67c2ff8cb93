"""A small service whose GET /orders needs orders:read: `python3 server.py`."""

import http.server
import json
import os

from verify import Refusal, Verifier


def orders_server(address, verifier, permission="orders:read"):
    """Makes the server, which listens and does not serve yet."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            headers = {}
            try:
                if self.path != "/orders":
                    raise Refusal(404, "There is only /orders.")
                claims = verifier.verify(self.headers.get_all("Authorization", []), permission)
                status, body = 200, {"orders": [], "account": claims["sub"]}
            except Refusal as refusal:
                status, body = refusal.status, {"error": str(refusal)}
                if refusal.challenge:
                    headers["WWW-Authenticate"] = refusal.challenge
                if status == 503:
                    headers["Retry-After"] = "1"
            text = json.dumps(body).encode()
            self.send_response(status)
            headers |= {"Content-Type": "application/json", "Cache-Control": "no-store", "Content-Length": str(len(text))}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            """Says nothing: a line of a log might hold what should not be in it."""

    return http.server.ThreadingHTTPServer(address, Handler)


if __name__ == "__main__":
    users = os.environ.get("SVC_USERS_URL", "http://127.0.0.1:8001")
    verifier = Verifier(
        users + "/.well-known/jwks.json",
        os.environ.get("JWT_ISSUER", "https://api.example.com"),
        os.environ.get("JWT_AUDIENCE", "https://api.example.com"),
    )
    print("http://127.0.0.1:8004/orders")
    orders_server(("127.0.0.1", 8004), verifier).serve_forever()
