"""Following the change feed: the pace of the requests, the lease, and the report of a loss."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Optional

from ._facts import Lease, Reading, read_clocks
from ._feed import Failure, Feed
from ._http import Client
from ._keys import KeySource, spread
from ._options import REFUSE, Changes
from ._statement import KeyList

# All times are seconds.

# How long the first snapshot may take before the feed is reported as lost.
_FIRST_STATE = 5.0
# The least time between two requests, so that many changes arrive in batches.
_MIN_GAP = 0.025
# The longest pause after a failure that lasts, such as a missing permission.
_SLOWEST = 10.0
# The longest Retry-After of the service that is honoured.
_LONGEST = 30.0


class Follower:
    """Follows the change feed of one Verifier in a thread of its own, and watches the lease in another."""

    def __init__(self, changes: Changes, client: Client, keys: KeySource, logger: logging.Logger, feed: Callable[[Follower], Feed]) -> None:
        self._changes, self._client, self._keys, self._logger, self._feed = changes, client, keys, logger, feed
        self.lease: Optional[Lease] = None  # the facts and how long they are valid; None until the first whole snapshot
        self.reset()

    def reset(self) -> None:
        """Forgets the threads, which a fork has left behind."""
        self._telling = threading.RLock()
        self._told: Optional[bool] = None  # whether the feed was lost, as the hooks were told last
        self._threads: list[threading.Thread] = []
        self._stop = threading.Event()
        self._renewed = threading.Event()
        self._failures = 0
        self._reason = ""

    @property
    def lost(self) -> bool:
        """Whether no facts are valid now."""
        lease = self.lease
        return lease is None or not lease.fresh(read_clocks())

    def keys(self) -> Optional[KeyList]:
        """The last list of keys, which counts while the feed is lost too."""
        return None if self.lease is None else self.lease.facts.keys

    @property
    def running(self) -> bool:
        return bool(self._threads)

    def start(self) -> None:
        if self._threads:
            raise RuntimeError("svc_users_authn: the verifier follows the change feed already")
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=target, args=(self._stop,), name="svc-users-authn", daemon=True) for target in (self._run, self._watch)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._renewed.set()
        for thread in self._threads:
            while thread is not threading.current_thread() and thread.is_alive():
                self._client.close()  # again, for a request that began meanwhile
                thread.join(0.05)
        self._threads = []

    def _run(self, stop: threading.Event) -> None:
        feed = self._feed(self)
        self._failures = 0
        while not stop.is_set():
            began = time.monotonic()
            try:
                lease = self.lease
                in_time = lease is not None and began - lease.asked.steady < self._changes.staleness / 2
                asked = feed.ask(self._failures == 0 and in_time)
                pause = 0.0 if asked is None else max(_MIN_GAP - (time.monotonic() - began), feed.early)
                if asked is not None:
                    self._renew(feed, asked)
            except Exception as error:
                if stop.is_set():
                    return
                pause = self._failed(error)
            if pause > 0:
                stop.wait(pause)

    def _renew(self, feed: Feed, asked: Reading) -> None:
        """Makes the facts that were read valid for staleness from the time of the request."""
        if feed.facts is None:
            return
        feed.facts.share()
        self._failures, self._reason = 0, ""
        self.lease = Lease(feed.facts, asked, self._changes.staleness)
        self._renewed.set()
        if feed.facts.keys is not None:
            self._keys.expect(feed.facts.keys.ids)
        self._tell(False)

    def _failed(self, error: Exception) -> float:
        """Records a failure and returns how long to wait.

        The first failure is retried at once, since a connection may have been cut or a token may have expired.
        """
        self._failures += 1
        self._reason = str(error) or type(error).__name__
        self._logger.debug("request for changes failed, %d times now: %s", self._failures, self._reason)
        failure = error if isinstance(error, Failure) else Failure("")
        base, limit = (1.0, _SLOWEST) if failure.stubborn else (_MIN_GAP, self._changes.staleness)
        pause = _MIN_GAP if self._failures == 1 else spread(min(base * 2 ** min(self._failures - 2, 16), limit))
        return max(pause, min(failure.after, _LONGEST))

    def _watch(self, stop: threading.Event) -> None:
        """Has the loss reported when the lease ends."""
        until = time.monotonic() + max(self._changes.staleness, _FIRST_STATE)
        while not stop.is_set():
            if self._renewed.wait(max(until - time.monotonic(), 0) + 0.001):
                self._renewed.clear()
            elif time.monotonic() >= until and not stop.is_set():
                self._tell(True)
                self._renewed.wait()
            if self.lease is not None:
                until = self.lease.asked.steady + self._changes.staleness

    def _tell(self, lost: bool) -> None:
        """Logs that the feed was lost or found and calls the hook, unless that was told last."""
        with self._telling:
            if self._told == lost or lost != self.lost:
                return
            self._told = lost
            try:
                if lost:
                    reason = self._reason or "no answer in time"
                    then = "requests are refused" if self._changes.when_lost == REFUSE else "tokens are relied on alone"
                    self._logger.warning("change feed lost, %s: %s", then, reason)
                    if self._changes.on_lost is not None:
                        self._changes.on_lost(reason)
                else:
                    self._logger.info("change feed up to date")
                    if self._changes.on_found is not None:
                        self._changes.on_found()
            except Exception:
                self._logger.exception("a hook of changes failed")
