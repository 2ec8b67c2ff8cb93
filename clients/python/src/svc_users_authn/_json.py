"""Strict JSON (RFC 7493), as svc-users itself reads it: what has two readings is refused."""

from __future__ import annotations

import json
import re
from typing import Any, Optional

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NO_ID = "00000000-0000-0000-0000-000000000000"

# The last second of the year 9999, past which RFC 3339 cannot write a time.
_MAX_TIME = 253402300799


class Malformed(Exception):
    """The text is not strict JSON, or a member is missing or of another type. The message names members, never values."""


def parse_object(raw: bytes) -> dict[str, Any]:
    """Reads one JSON object: valid UTF-8, no duplicate member at any depth, no half of a surrogate pair."""
    try:
        text = raw.decode()
        value = json.loads(text, object_pairs_hook=_members, parse_int=_integer, parse_constant=_no_constant)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()  # fails on half of a surrogate pair
    except (ValueError, RecursionError):
        raise Malformed("not strict JSON") from None
    if not isinstance(value, dict):
        raise Malformed("not a JSON object")
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("duplicate member")
    return members


def _integer(digits: str) -> Any:
    """An integer of 64 bits. A larger number becomes a float, which is no integer to any reader here."""
    value = int(digits) if len(digits) <= 20 else 1 << 64
    return value if -(1 << 63) <= value < 1 << 63 else float("inf")


def _no_constant(name: str) -> Any:
    raise Malformed("NaN and Infinity are no JSON")


def is_id(value: object) -> bool:
    """Whether a value is the canonical spelling of a UUID, 36 characters in lower case; the all-zero UUID is no id."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None and value != _NO_ID


def is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


class Reader:
    """Reads members of an object and their types. Each method raises Malformed for a member that is not as it must be."""

    __slots__ = ("members",)

    def __init__(self, members: dict[str, Any]) -> None:
        self.members = members

    def __contains__(self, name: str) -> bool:
        return name in self.members

    def _must(self, holds: bool, name: str, kind: str) -> Any:
        if not holds:
            raise Malformed(f"{name} is missing or no {kind}")
        return self.members.get(name)

    def text(self, name: str) -> str:
        return str(self._must(isinstance(self.members.get(name), str), name, "string"))

    def optional_text(self, name: str) -> Optional[str]:
        """A text that is not empty, or null; it must be there."""
        value = self.members.get(name, "")
        holds = value is None or (isinstance(value, str) and value != "")
        text: Optional[str] = self._must(holds, name, "text or null")
        return text

    def texts(self, name: str) -> list[str]:
        return list(self._must(is_texts(self.members.get(name)), name, "array of strings"))

    def id(self, name: str) -> str:
        return str(self._must(is_id(self.members.get(name)), name, "canonical UUID"))

    def ids(self, name: str) -> list[str]:
        value = self.members.get(name)
        return list(self._must(isinstance(value, list) and all(map(is_id, value)), name, "array of canonical UUIDs"))

    def optional_id(self, name: str) -> Optional[str]:
        """A canonical UUID or null; it must be there."""
        return None if self.members.get(name, "") is None else self.id(name)

    def integer(self, name: str) -> int:
        """An integer within 64 bits, without fraction and exponent."""
        return int(self._must(type(self.members.get(name)) is int, name, "integer"))

    def time(self, name: str) -> int:
        """Seconds since 1970, from 1 to the end of the year 9999."""
        seconds = self.integer(name)
        return int(self._must(1 <= seconds <= _MAX_TIME, name, "time"))

    def flag(self, name: str) -> bool:
        """A boolean, false where it is absent."""
        return self._must(type(self.members.get(name, False)) is bool, name, "boolean") is True

    def objects(self, name: str) -> list[Reader]:
        value = self.members.get(name)
        items = self._must(isinstance(value, list) and all(isinstance(item, dict) for item in value), name, "array of objects")
        return [Reader(item) for item in items]
