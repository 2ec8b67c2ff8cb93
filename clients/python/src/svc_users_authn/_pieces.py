"""A map that is copied in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Optional, TypeVar

V = TypeVar("V")

_COUNT = 256


class Pieces(Generic[V]):
    """A map by id in 256 pieces by the last byte of the id, which is random in a UUID.

    A change copies a piece and not the whole, and a copy shares what is the same.
    """

    __slots__ = ("_own", "_parts", "size")

    def __init__(self, source: Optional[Pieces[V]] = None) -> None:
        self._parts: list[dict[str, V]] = list(source._parts) if source is not None else [{} for _ in range(_COUNT)]
        # The parts without other readers, which are changed in place: a snapshot comes in a thousand statements.
        self._own: set[int] = set(source._own) if source is not None else set(range(_COUNT))
        self.size: int = source.size if source is not None else 0

    def get(self, key: str) -> Optional[V]:
        return self._parts[int(key[-2:], 16)].get(key)

    def __contains__(self, key: str) -> bool:
        return key in self._parts[int(key[-2:], 16)]

    def set(self, key: str, value: V) -> None:
        part = self._part(key)
        self.size += key not in part
        part[key] = value

    def remove(self, key: str) -> None:
        if key in self:
            del self._part(key)[key]
            self.size -= 1

    def items(self) -> Iterator[tuple[str, V]]:
        for part in self._parts:
            yield from part.items()

    def share(self) -> None:
        """Called before others read the map."""
        self._own = set()

    def _part(self, key: str) -> dict[str, V]:
        """The part of an id, to be changed."""
        number = int(key[-2:], 16)
        if number not in self._own:
            self._parts[number] = dict(self._parts[number])
            self._own.add(number)
        return self._parts[number]
