"""Middleware for ASGI applications, such as those of Starlette."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, Optional

from .bearer import Response, describe_refusal, scope_tokens
from .errors import Refusal, unavailable
from .principal import Principal
from .verifier import Verifier

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_KEY = "svc_users_authn"


class AuthnMiddleware:
    """Admits only requests with a valid token whose bearer has all of these permissions; none are needed for an empty list.

        app.add_middleware(AuthnMiddleware, verifier=verifier)
        Route("/orders", orders, middleware=[Middleware(AuthnMiddleware, verifier=verifier, permissions=["orders:read"])])

    The application gets the caller from ``principal_of(request)``. A WebSocket that is refused is closed before it is
    accepted, with the response of a refused request where the server can send one. Raises ValueError for a name that is no
    permission.
    """

    def __init__(self, app: Application, *, verifier: Verifier, permissions: Sequence[str] = ()) -> None:
        self.app = app
        self._verifier, self._permissions = verifier, scope_tokens(permissions)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refusal = await admit(scope, self._verifier, self._permissions)
        if refusal is None:
            await self.app(scope, receive, send)
        else:
            await _refuse(scope, send, describe_refusal(refusal, self._permissions))


async def admit(scope: Scope, verifier: Verifier, permissions: Sequence[str]) -> Optional[Refusal]:
    """Admits a request, or returns why not. It never raises."""
    try:
        before = scope.get(_KEY)
        # Another verifier, which may trust another issuer, must not accept what this one did.
        if before is None or before[1] is not verifier or not all(map(before[0].can, permissions)):
            headers = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"authorization"]
            scope[_KEY] = (await verifier.authenticate_async(headers, permissions), verifier)
        return None
    except Refusal as refusal:
        return refusal
    except Exception:
        return unavailable()


def principal_of(request: Any) -> Optional[Principal]:
    """The principal of a request or a scope that middleware of this package admitted; None for any other."""
    scope = request if isinstance(request, MutableMapping) and "type" in request else getattr(request, "scope", {})
    admitted = scope.get(_KEY)
    return None if admitted is None else admitted[0]


async def _refuse(scope: Scope, send: Send, response: Response) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in response.headers.items()]
    headers.append((b"content-length", str(len(response.body)).encode()))
    kind = "http.response"
    if scope["type"] == "websocket":
        kind = "websocket.http.response"
        if kind not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return
    await send({"type": kind + ".start", "status": response.status, "headers": headers})
    await send({"type": kind + ".body", "body": response.body})
