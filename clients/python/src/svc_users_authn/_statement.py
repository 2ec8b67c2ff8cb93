"""Statements: signed lists of the changes since a cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Optional

from ._claims import LEEWAY, check_parties
from ._json import Malformed, Reader, parse_object
from ._jwks import MAX_KID

# The largest age in seconds of the newest statement at which the facts are valid. The service signs a new one every 10
# seconds even without changes, so that a proxy cannot replay 304 and withhold changes; the rest is leeway.
MAX_AGE = 60


class BrokenChain(Exception):
    """The statement does not continue what was told before."""


class Outdated(Exception):
    """The statement is too old, or from the future."""


class KeyList(NamedTuple):
    """The keys whose tokens svc-users accepts.

    Without a list it is a service from before there were lists, which accepts the tokens of all its published keys.
    """

    ids: Sequence[str]
    heard: float  # when, by the clock of the KeySource


def accepts(keys: Optional[KeyList], kid: str) -> bool:
    """Whether tokens of a key are accepted, as far as a list says."""
    return keys is None or kid in keys.ids


class ToldRole(NamedTuple):
    """A role without what it inherits. Without a name the role does not exist."""

    id: str
    name: Optional[str]
    parent: Optional[str]
    all: bool  # it holds every permission that there is
    continued: bool  # permissions add to those told before
    permissions: Sequence[str]  # ids


class Account(NamedTuple):
    """An account whose older tokens may be out of date."""

    version: Optional[int]  # of its valid tokens; None: none is valid
    role: Optional[str]
    signed: int  # when this statement was signed


class Statement(NamedTuple):
    """What changed since a cursor. Times are seconds since 1970."""

    issued: int
    cursor: str
    reset: bool
    more: bool
    signer: str  # id of the key that has signed it
    keys: Optional[KeyList]  # None where it tells none
    permissions: Sequence[tuple[str, Optional[str]]]  # ids and names; without a name the permission does not exist
    roles: Sequence[ToldRole]
    accounts: dict[str, Account]
    sessions: dict[str, int]  # those that have ended, and until when a token of one may be valid


def parse_statement(payload: bytes, asked: str, issuer: str, audience: str, signer: str, heard: float) -> Statement:
    """Reads a payload whose signature by the key signer is verified, and which answers a request with the cursor asked."""
    members = Reader(parse_object(payload))
    check_parties(members, issuer, audience)
    issued = members.time("iat")
    statement = Statement(
        issued=issued,
        cursor=members.text("cursor"),
        reset=members.flag("reset"),
        more=members.flag("more"),
        signer=signer,
        keys=_keys(members, signer, heard) if "keys" in members else None,
        permissions=_permissions(members),
        roles=_roles(members),
        accounts=_accounts(members, issued),
        sessions=_sessions(members) if "sessions" in members else {},
    )
    if not statement.cursor:
        raise Malformed("cursor is empty")
    if members.text("after") != asked:
        raise BrokenChain("the statement does not continue what was told before")
    return statement


def check_age(statement: Statement, now: float) -> None:
    """Raises Outdated unless the statement was signed at about now."""
    if not now - statement.issued <= MAX_AGE:
        raise Outdated("the newest statement is older than a minute; do the clocks agree?")
    if not statement.issued - now <= LEEWAY:
        raise Outdated("the statement is signed in the future; do the clocks agree?")


def _keys(members: Reader, signer: str, heard: float) -> KeyList:
    """A key that is not in the list itself cannot say what is."""
    ids = members.texts("keys")
    if signer not in ids or len(set(ids)) != len(ids) or not all(kid and len(kid.encode()) <= MAX_KID for kid in ids):
        raise Malformed("keys is no list of key ids with that of the statement")
    return KeyList(ids, heard)


def _permissions(members: Reader) -> Sequence[tuple[str, Optional[str]]]:
    told = [(one.id("id"), one.optional_text("name")) for one in members.objects("permissions")]
    _once([permission for permission, _ in told], "permissions")
    return told


def _roles(members: Reader) -> Sequence[ToldRole]:
    told = [
        ToldRole(
            one.id("id"), one.optional_text("name"), one.optional_id("parent"), one.flag("all"), one.flag("continued"), one.ids("permissions")
        )
        for one in members.objects("roles")
    ]
    _once([role.id for role in told], "roles")
    return told


def _accounts(members: Reader, signed: int) -> dict[str, Account]:
    list_of = members.objects("accounts")
    accounts = {}
    for one in list_of:
        version = None if one.members.get("ver", "") is None else one.integer("ver")
        if version is not None and version < 1:
            raise Malformed("ver is below 1")
        accounts[one.id("id")] = Account(version, one.optional_id("role"), signed)
    _once([one.id("id") for one in list_of], "accounts")
    return accounts


def _sessions(members: Reader) -> dict[str, int]:
    told = [(one.id("sid"), one.time("until")) for one in members.objects("sessions")]
    _once([session for session, _ in told], "sessions")
    return dict(told)


def _once(ids: list[str], name: str) -> None:
    """Refuses an id that a list names twice: one of the two would be lost."""
    if len(set(ids)) != len(ids):
        raise Malformed(f"{name} names an id twice")
