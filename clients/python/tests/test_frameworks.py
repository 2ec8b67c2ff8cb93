"""FastAPI, Starlette and Django, under WSGI and under ASGI: what a client sees."""

import asyncio
import json
import logging
import unittest
import wsgiref.util

import django
from django import conf, urls
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View
from fastapi import Depends, FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from help import ADA, SILENT, TestFeed, follow, new_verifier, token_of, up_to_date
from svc_users_authn import Changes, Principal, Verifier
from svc_users_authn.asgi import AuthnMiddleware, principal_of
from svc_users_authn.django import middleware, requires
from svc_users_authn.django import principal_of as django_principal_of
from svc_users_authn.fastapi import Requires

BASIC = "Basic YTpi"
NO_TOKEN = (401, "Bearer", {"error": "token_required", "error_description": "A bearer token is required."})
INVALID = (401, 'Bearer error="invalid_token"', {"error": "invalid_token", "error_description": "The access token is not valid."})
LACKING = (
    403, 'Bearer error="insufficient_scope", scope="orders:read orders:pay"',
    {"error": "insufficient_scope", "error_description": "Missing required permission: orders:pay"},
)
UNAVAILABLE = (503, None, {"error": "temporarily_unavailable", "error_description": "The access token cannot be verified at the moment."})
UNKNOWN = (503, None, {"error": "temporarily_unavailable", "error_description": "The permissions of the account cannot be determined at the moment."})


def starlette_app(verifier):
    async def account(request):
        return PlainTextResponse(principal_of(request).account)

    def route(place, *permissions):
        return Route(place, account, middleware=[Middleware(AuthnMiddleware, verifier=verifier, permissions=permissions)])

    return Starlette(routes=[route("/orders", "orders:read"), route("/pay", "orders:read", "orders:pay")])


def starlette_whole_app(verifier):
    """Middleware around all routes and, again, around one."""
    app = starlette_app(verifier)
    app.add_middleware(AuthnMiddleware, verifier=verifier)
    return app


def fastapi_app(verifier):
    app = FastAPI()

    @app.get("/orders", response_class=PlainTextResponse)
    async def orders(caller: Principal = Depends(Requires(verifier, "orders:read"))):
        return caller.account

    @app.get("/pay", dependencies=[Depends(Requires(verifier)), Depends(Requires(verifier, "orders:read", "orders:pay"))])
    def pay():
        return "paid"

    return app


class Settings:
    """The URLs that Django is to use, which the tests replace."""

    urlpatterns = []


def django_views(verifier):
    @requires(verifier, "orders:read")
    def orders(request):
        return HttpResponse(django_principal_of(request).account)

    @requires(verifier, "orders:read", "orders:pay")
    async def pay(request):
        return HttpResponse("paid")

    @requires(verifier, "orders:read")
    async def orders_async(request):
        return HttpResponse(django_principal_of(request).account)

    @method_decorator(requires(verifier, "orders:read", "orders:pay"), name="dispatch")
    class Pay(View):
        def get(self, request):
            return HttpResponse("paid")

    return orders, pay, orders_async, Pay.as_view()


def django_app(verifier, asynchronous, everywhere=False):
    orders, pay, orders_async, pay_view = django_views(verifier)
    views = (orders_async, pay) if asynchronous else (orders, pay_view)
    Settings.urlpatterns[:] = [path("orders", views[0]), path("pay", views[1])]
    globals()["authn"] = middleware(verifier)  # what a project names in MIDDLEWARE
    conf.settings.MIDDLEWARE = [__name__ + ".authn"] if everywhere else []
    urls.clear_url_caches()
    urls.set_urlconf(None)
    return get_asgi_application() if asynchronous else get_wsgi_application()


def ask_asgi(app, place, *authorization, kind="http", extensions=None):
    """What an ASGI application answers: status, WWW-Authenticate and body."""
    scope = {
        "type": kind, "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET", "path": place, "raw_path": place.encode(),
        "root_path": "", "scheme": "http" if kind == "http" else "ws", "query_string": b"", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        "headers": [(b"host", b"localhost"), *((b"authorization", value.encode("latin-1")) for value in authorization)], "extensions": extensions or {},
        "subprotocols": [],
    }
    sent, asked = [], []

    async def run():
        over = asyncio.Event()

        async def receive():
            if not asked:
                asked.append(1)
                return {"type": "http.request", "body": b""} if kind == "http" else {"type": "websocket.connect"}
            await over.wait()
            return {"type": f"{kind}.disconnect"}

        async def send(message):
            sent.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                over.set()

        await asyncio.wait_for(app(scope, receive, send), 600)

    asyncio.run(run())
    return sent


def http_answer(sent):
    headers = {name.decode().lower(): value.decode() for name, value in sent[0].get("headers", [])}
    return sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:])


def ask_wsgi(app, place, *authorization):
    environ, started = {"PATH_INFO": place}, []
    if authorization:
        environ["HTTP_AUTHORIZATION"] = ",".join(authorization)  # as servers do
    wsgiref.util.setup_testing_defaults(environ)
    body = b"".join(app(environ, lambda status, headers, exc=None: started.append((status, headers))))
    status, headers = started[0]
    return int(status.split()[0]), {name.lower(): value for name, value in headers}, body


class FrameworksTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        conf.settings.configure(ROOT_URLCONF=Settings, ALLOWED_HOSTS=["*"], SECRET_KEY="x", MIDDLEWARE=[], LOGGING_CONFIG=None)
        django.setup()
        logging.getLogger("django.request").setLevel(logging.CRITICAL)

    def apps(self, verifier):
        """Each framework, as a function that asks its application, and what makes its body that of a refusal."""
        same, detail = (lambda body: body), (lambda body: body["detail"])

        def over_asgi(make):
            return lambda *request: http_answer(ask_asgi(make(verifier), *request))

        return {
            "Starlette": (over_asgi(starlette_app), same, True),
            "Starlette, around all routes": (over_asgi(starlette_whole_app), same, True),
            "FastAPI": (over_asgi(fastapi_app), detail, True),
            "Django, WSGI": (lambda *request: ask_wsgi(django_app(verifier, False), *request), same, False),
            "Django, WSGI, as middleware": (lambda *request: ask_wsgi(django_app(verifier, False, True), *request), same, False),
            "Django, ASGI": (over_asgi(lambda one: django_app(one, True)), same, False),
            "Django, ASGI, as middleware": (over_asgi(lambda one: django_app(one, True, True)), same, False),
        }

    def expect(self, want, answer, body_of, why):
        status, headers, body = answer
        self.assertEqual((status, headers.get("www-authenticate"), body_of(json.loads(body))), want, why)
        self.assertEqual(headers["cache-control"], "no-store", why)
        self.assertTrue(headers["content-type"].startswith("application/json"), why)
        self.assertEqual(headers["x-content-type-options"], "nosniff", why)
        self.assertEqual(headers.get("retry-after"), "1" if status == 503 else None, why)

    def test_admit_a_valid_token_and_refuse_everything_else(self):
        token = token_of(ADA)
        for name, (ask, body_of, sees_two) in self.apps(new_verifier(self)).items():
            with self.subTest(name):
                for good in (f"Bearer {token}", f"bearer   {token}"):
                    status, _, body = ask("/orders", good)
                    self.assertEqual((status, body), (200, ADA.encode()))
                for headers in ([], [BASIC], ["Bearer"], [token]):
                    self.expect(NO_TOKEN, ask("/orders", *headers), body_of, headers)
                for headers in (
                    ["Bearer junk"], [f"Bearer {token}x"], [f"Bearer {token} x"], [f"Bearer {token}", f"Bearer {token}"], [f"Bearer {token}", BASIC],
                    ["Bearer " + "x" * 9000], ["Bearer \xe4.b.c"], ["Bearer " + token_of(ADA, aud="https://other.test")], ["Bearer " + token_of(ADA, exp=1)],
                ):
                    self.expect(INVALID, ask("/orders", *headers), body_of, headers)
                # Django sees two headers as one: whatever it is, the request is refused.
                self.expect(INVALID if sees_two else NO_TOKEN, ask("/orders", BASIC, f"Bearer {token}"), body_of, "two")
                self.expect(LACKING, ask("/pay", f"Bearer {token}"), body_of, "lacking")

    def test_are_unavailable_while_they_cannot_know_and_do_not_say_why(self):
        down = new_verifier(self, jwks="http://127.0.0.1:1/secret-path")
        unsure = new_verifier(self)
        unread = new_verifier(self, changes=Changes("http://127.0.0.1:1/", lambda: "x"))
        broken = Verifier(jwks="https://users.example/", issuer="x", audience="x", logger=SILENT)

        def secret(*_):
            raise ValueError("a secret of the program")

        async def secret_async(*_):
            secret()

        broken.authenticate, broken.authenticate_async = secret, secret_async
        omitted = token_of(ADA, permissions=[], permissions_omitted=True)
        for verifier, token, want in (
            (down, token_of(ADA), UNAVAILABLE), (unsure, omitted, UNKNOWN), (unread, token_of(ADA), UNAVAILABLE), (broken, token_of(ADA), UNAVAILABLE),
        ):
            for name, (ask, body_of, _) in self.apps(verifier).items():
                with self.subTest(name):
                    self.expect(want, ask("/orders", f"Bearer {token}"), body_of, name)

    def test_obey_the_change_feed(self):
        verifier = follow(self, TestFeed(self))
        up_to_date(verifier)
        for name, (ask, body_of, _) in self.apps(verifier).items():
            with self.subTest(name):
                self.assertEqual(ask("/orders", "Bearer " + token_of(ADA))[0], 200)
                self.expect(LACKING, ask("/pay", "Bearer " + token_of(ADA, permissions=["orders:pay"])), body_of, name)

    def test_one_verifier_does_not_admit_for_another(self):
        first, second = new_verifier(self), new_verifier(self, audience="https://other.test")
        app = AuthnMiddleware(AuthnMiddleware(starlette_app(first), verifier=second), verifier=first)
        self.assertEqual(http_answer(ask_asgi(app, "/orders", "Bearer " + token_of(ADA)))[0], 401)

    def test_websockets(self):
        verifier, token = new_verifier(self), token_of(ADA)
        app = FastAPI()

        @app.websocket("/ws")
        async def accept(socket: WebSocket, caller: Principal = Depends(Requires(verifier, "orders:read"))):
            await socket.accept()
            await socket.close(4000, caller.account)

        async def plain(scope, receive, send):
            await send({"type": "websocket.accept"})

        guarded = AuthnMiddleware(plain, verifier=verifier, permissions=["orders:read"])
        extension = {"websocket.http.response": {}}
        self.assertEqual(ask_asgi(app, "/ws", f"Bearer {token}", kind="websocket")[-1]["reason"], ADA)
        self.assertEqual(ask_asgi(guarded, "/ws", f"Bearer {token}", kind="websocket")[0]["type"], "websocket.accept")
        self.assertEqual(ask_asgi(guarded, "/ws", kind="websocket")[0]["type"], "websocket.close")
        for one in (app, guarded):
            answer = ask_asgi(one, "/ws", "Bearer x", kind="websocket", extensions=extension)
            self.assertEqual((answer[0]["type"], answer[0]["status"]), ("websocket.http.response.start", 401))

    def test_openapi_names_the_scheme(self):
        document = fastapi_app(new_verifier(self)).openapi()
        self.assertEqual(document["components"]["securitySchemes"], {"svc-users": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}})
        self.assertEqual(document["paths"]["/orders"]["get"]["security"], [{"svc-users": []}])

    def test_a_name_that_is_no_permission_is_an_error_of_the_program(self):
        verifier = new_verifier(self)
        for name in ("a b", "", 'a"b', "a\\b", "ä", 7, "a\n"):
            for make in (lambda: Requires(verifier, name), lambda: requires(verifier, name), lambda: AuthnMiddleware(None, verifier=verifier, permissions=[name])):
                with self.assertRaises(ValueError):
                    make()
            with self.assertRaises(ValueError):
                verifier.authorize(token_of(ADA), [name])
        with self.assertRaises(ValueError):
            verifier.authorize(token_of(ADA), "orders:read")





class OptionsTest(unittest.TestCase):
    def test_are_checked_and_the_wrong_one_is_named(self):
        good = {"jwks": "https://users.example/.well-known/jwks.json", "issuer": "i", "audience": "a"}
        changes = {"url": "https://users.example/api/v1/auth/changes", "token": lambda: "x"}
        Verifier(**good, changes=Changes(**changes))
        for wrong in (
            {"jwks": "users.example"}, {"jwks": "https://a:b@users.example/"}, {"jwks": "file:///x"}, {"jwks": "https://a.example/#x"}, {"jwks": "https://a.example:x/"},
            {"jwks": "https://a.example/a b"}, {"issuer": ""}, {"audience": ["a"]}, {"check": "x"}, {"check": True}, {"now": 1}, {"changes": {}},
        ):
            with self.assertRaisesRegex(ValueError, next(iter(wrong))):
                Verifier(**{**good, **wrong})
        for wrong in (
            {"url": "x"}, {"token": "x"}, {"staleness": 0.19}, {"staleness": float("nan")}, {"staleness": "1"}, {"when_lost": "allow"}, {"max_roles": 0}, {"max_accounts": True},
            {"on_lost": 1},
        ):
            with self.assertRaisesRegex(ValueError, next(iter(wrong))):
                Changes(**{**changes, **wrong})
        with self.assertRaises(TypeError):
            Verifier(**good, algorithms=["none"])


if __name__ == "__main__":
    unittest.main()
