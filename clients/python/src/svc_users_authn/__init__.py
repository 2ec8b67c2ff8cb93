"""Verifies the access tokens of svc-users, and follows its change feed. README.md has the guide."""

from ._options import Changes
from .bearer import Response, describe_refusal
from .errors import Refusal
from .principal import Actor, Principal
from .verifier import Verifier

__all__ = ["Actor", "Changes", "Principal", "Refusal", "Response", "Verifier", "describe_refusal"]
