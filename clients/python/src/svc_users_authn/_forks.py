"""What outlives a fork: a server may load the program once and fork its workers then."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Forked(Protocol):
    def after_fork(self) -> None:
        """Makes a child process of its own: locks, connections and threads are the parent's."""


def survive_forks(one: Forked) -> None:
    """Calls after_fork in each child process for as long as the object exists."""
    known = weakref.ref(one)

    def in_child() -> None:
        alive = known()
        if alive is not None:
            alive.after_fork()

    if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
        os.register_at_fork(after_in_child=in_child)
