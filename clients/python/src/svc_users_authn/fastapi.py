"""A dependency for FastAPI."""

# Annotations are not postponed here: FastAPI reads those of __call__.
from typing import Optional

from fastapi import HTTPException
from fastapi.security import HTTPBearer
from starlette.requests import HTTPConnection

from .asgi import admit, principal_of
from .bearer import describe_refusal, scope_tokens
from .errors import unavailable
from .principal import Principal
from .verifier import Verifier

__all__ = ["Requires", "principal_of"]


class Requires(HTTPBearer):
    """A dependency that is the caller, whose token must be valid and who must have all of these permissions.

        @app.get("/orders")
        async def orders(caller: Principal = Depends(Requires(verifier, "orders:read"))): ...

    A refusal is an HTTPException whose detail is ``{"error","error_description"}``; an exception handler of the application
    may write another body. The OpenAPI document names the bearer scheme. Raises ValueError for a name that is no permission.
    """

    def __init__(self, verifier: Verifier, *permissions: str, scheme_name: Optional[str] = None) -> None:
        super().__init__(bearerFormat="JWT", scheme_name=scheme_name or "svc-users", auto_error=False)
        self._verifier, self._permissions = verifier, scope_tokens(permissions)

    async def __call__(self, request: HTTPConnection) -> Principal:  # type: ignore[override]
        refusal = await admit(request.scope, self._verifier, self._permissions)
        principal = principal_of(request) if refusal is None else None
        if principal is not None:
            return principal
        refusal = refusal or unavailable()
        response = describe_refusal(refusal, self._permissions)
        headers = {name: value for name, value in response.headers.items() if name != "Content-Type"}
        raise HTTPException(response.status, {"error": refusal.code, "error_description": refusal.description}, headers)
