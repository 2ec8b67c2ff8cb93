"""The permissions of roles: each role has its own and inherits those of its parent."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Optional

from ._options import Changes
from ._pieces import Pieces
from ._statement import Statement, ToldRole

# How many names are kept in the lists of what roles may do.
_MAX_WORKED = 1 << 20


class BadFacts(Exception):
    """A limit is exceeded, or a statement continues a role or a snapshot that was not received."""


class Role(NamedTuple):
    name: str
    parent: Optional[str]
    all: bool  # it holds every permission that there is
    own: array[int]  # numbers of its own permissions


class Rights:
    """The rights up to one statement. Once shared, nothing of them changes but what was worked out."""

    def __init__(self) -> None:
        self.roles: Pieces[Role] = Pieces()
        # The number of each permission, in the order of the first statement that names it. Only following uses them.
        self.numbers: dict[str, int] = {}
        # The names of permissions by number; None where there is none of that id.
        self.names: list[Optional[str]] = []
        self.count = 0  # of the names
        self.assigned = 0  # permissions of their own that all roles have
        self._shared = False
        self._lock = threading.Lock()
        self._worked: dict[str, Sequence[str]] = {}
        self._entries = 0
        self._every: Optional[Sequence[str]] = None
        self._by_name: Optional[dict[str, str]] = None

    def after(self, statement: Statement, limits: Changes) -> Rights:
        """The rights after a statement. Parts without other readers are changed in place, the rest is copied."""
        following = self._copy() if self._shared else self
        for permission, name in statement.permissions:
            following._name(permission, name)
        for role in statement.roles:
            following._take(role)
        if following.roles.size > limits.max_roles:
            raise BadFacts("there are more roles than max_roles")
        # Numbers are never given again. Having begun anew, there are as many as there are permissions.
        if following.count > limits.max_permissions or len(following.names) > 2 * limits.max_permissions:
            raise BadFacts("there are more permissions than max_permissions")
        if following.assigned > limits.max_assignments:
            raise BadFacts("roles have more permissions of their own than max_assignments")
        return following

    def _copy(self) -> Rights:
        copy = Rights()
        copy.roles, copy.numbers, copy.names = Pieces(self.roles), self.numbers, list(self.names)
        copy.count, copy.assigned = self.count, self.assigned
        return copy

    def _take(self, told: ToldRole) -> None:
        before = self.roles.get(told.id)
        if told.continued and before is None:
            raise BadFacts("the statement continues a role that was not received")
        if before is not None and not told.continued:
            self.assigned -= len(before.own)
        if told.name is None:
            self.roles.remove(told.id)
            return
        own = array("I", (self._number(permission) for permission in told.permissions))
        self.assigned += len(own)
        if told.continued and before is not None:
            own = before.own + own
        self.roles.set(told.id, Role(told.name, told.parent, told.all, own))

    def _number(self, permission: str) -> int:
        """The number of a permission, which may be one that has not been told of yet."""
        number = self.numbers.get(permission)
        if number is None:
            number = self.numbers[permission] = len(self.names)
            self.names.append(None)
        return number

    def _name(self, permission: str, name: Optional[str]) -> None:
        number = self._number(permission)
        self.count += (name is not None) - (self.names[number] is not None)
        self.names[number] = name

    def share(self) -> None:
        """Called before others read the rights."""
        self.roles.share()
        self._shared = True

    def named(self, name: str) -> Optional[str]:
        """The id of the role with a name, or None."""
        if self._by_name is None:
            self._by_name = {role.name: role_id for role_id, role in self.roles.items()}
        return self._by_name.get(name)

    def of(self, role_id: Optional[str]) -> Optional[tuple[str, Sequence[str]]]:
        """The name of a role and the sorted names of all that it may do; None where the role is unknown."""
        role = None if role_id is None else self.roles.get(role_id)
        if role is None or role_id is None:
            return None
        permissions = self._worked.get(role_id)
        if permissions is None:
            permissions = self._work_out(role)
            with self._lock:
                self._entries += len(permissions) + 1
                if self._entries > _MAX_WORKED:
                    self._worked, self._entries = {}, len(permissions) + 1
                self._worked[role_id] = permissions
        return role.name, permissions

    def is_all(self, role_id: Optional[str]) -> bool:
        """Whether a role is the one that holds every permission."""
        role = None if role_id is None else self.roles.get(role_id)
        return role is not None and role.all

    def _work_out(self, role: Optional[Role]) -> Sequence[str]:
        """Follows the chain of parents as the service does.

        It ends at a parent that is unknown, and where it would come to a role for the second time, which only SQL by hand
        can bring about.
        """
        seen: set[int] = set()
        held: set[int] = set()
        while role is not None and id(role) not in seen:
            if role.all:
                if self._every is None:
                    self._every = _sorted(self.names)
                return self._every
            held.update(role.own)
            seen.add(id(role))
            role = None if role.parent is None else self.roles.get(role.parent)
        return _sorted(self.names[number] for number in held)


def _sorted(names: Iterable[Optional[str]]) -> Sequence[str]:
    return tuple(sorted({name for name in names if name is not None}))
