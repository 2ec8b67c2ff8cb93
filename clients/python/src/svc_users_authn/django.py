"""Decorators and middleware for Django, under WSGI and under ASGI."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Optional

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

from .bearer import describe_refusal, scope_tokens
from .errors import Refusal, unavailable
from .principal import Principal
from .verifier import Verifier

_ATTRIBUTE = "_svc_users_authn"

View = Callable[..., Any]


def requires(verifier: Verifier, *permissions: str) -> Callable[[View], View]:
    """Admits only requests with a valid token whose bearer has all of these permissions to a view, plain or async.

        @requires(verifier, "orders:read")
        def orders(request): ...

    The view gets the caller from ``principal_of(request)``. For a class use
    ``method_decorator(requires(verifier, "orders:read"), name="dispatch")``. Raises ValueError for a name that is no
    permission.
    """
    names = scope_tokens(permissions)

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def admitted(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            try:
                if not _is_admitted(request, verifier, names):
                    setattr(request, _ATTRIBUTE, (verifier.authenticate(_authorization(request), names), verifier))
            except Exception as error:
                return _refused(error, names)
            return view(request, *args, **kwargs)

        @functools.wraps(view)
        async def admitted_async(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            try:
                if not _is_admitted(request, verifier, names):
                    setattr(request, _ATTRIBUTE, (await verifier.authenticate_async(_authorization(request), names), verifier))
            except Exception as error:
                return _refused(error, names)
            return await view(request, *args, **kwargs)

        return admitted_async if iscoroutinefunction(view) else admitted

    return decorate


def middleware(verifier: Verifier, *permissions: str) -> Callable[[View], View]:
    """The same for all views: a name of what this returns belongs into MIDDLEWARE.

    authn = middleware(verifier)      # in project/authn.py
    MIDDLEWARE = [..., "project.authn.authn"]
    """
    decorate = requires(verifier, *permissions)

    def admitting(get_response: View) -> View:
        return decorate(get_response)

    made: Callable[[View], View] = sync_and_async_middleware(admitting)
    return made


def principal_of(request: HttpRequest) -> Optional[Principal]:
    """The principal of a request that this package admitted; None for any other."""
    admitted: Optional[tuple[Principal, Verifier]] = getattr(request, _ATTRIBUTE, None)
    return None if admitted is None else admitted[0]


def _is_admitted(request: HttpRequest, verifier: Verifier, names: Sequence[str]) -> bool:
    """Another verifier, which may trust another issuer, must not accept what this one did."""
    admitted: Optional[tuple[Principal, Verifier]] = getattr(request, _ATTRIBUTE, None)
    return admitted is not None and admitted[1] is verifier and all(map(admitted[0].can, names))


def _authorization(request: HttpRequest) -> list[str]:
    """The Authorization header. Servers join two of them with a comma, which is no character of a token."""
    value = request.META.get("HTTP_AUTHORIZATION")
    return [] if value is None else [value]


def _refused(error: Exception, names: Sequence[str]) -> HttpResponse:
    response = describe_refusal(error if isinstance(error, Refusal) else unavailable(), names)
    return HttpResponse(response.body, status=response.status, headers=response.headers)
