"""The moments at which a process can be made to die, and how a process under trial dies there.

No line of the desk knows of this: `launch` wraps the functions named here before it runs a part of the desk. The driver
arms one point by writing a file; the process that comes by for the n-th time moves that file away and kills itself.
"""

from __future__ import annotations

import functools
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

FOLDER = "CHAOS_FOLDER"  # environment variable


@dataclass(frozen=True)
class Point:
    """`target` is module:function; the process dies `before` it runs or `after` it returned. A point in the `window`
    lies where nobody can know whether a mail went out."""

    name: str
    part: str
    target: str
    when: str
    crash: str
    window: bool = False


POINTS = [
    Point("in.unnamed", "intake", "tickets.blobs:os.replace", "before", "bytes in a temporary file"),
    Point("in.unsynced", "intake", "tickets.blobs:_sync_folder", "before", "bytes in place, folder not synced"),
    Point("in.uncommitted", "intake", "tickets.mail.store:_nudge", "before", "row inserted, not committed"),
    Point("in.unannounced", "intake", "tickets.mail.store:apply_inbound.delay", "before", "committed, no worker told"),
    Point("in.unanswered", "intake", "tickets.mail.smtpd:_store", "after", "committed, no 250 said"),
    Point("imap.fetched", "intake", "tickets.mail.imap:Folder._whole", "after", "mail fetched, not stored"),
    Point("imap.stored", "intake", "tickets.mail.imap:Folder._tell", "before", "committed, server not told"),
    Point("imap.marked", "intake", "imapclient:IMAPClient.uid_expunge", "before", "marked as deleted, not removed"),
    Point("imap.told", "intake", "tickets.mail.imap:Folder._tell", "after", "removed, round not noted"),
    Point("apply.claimed", "worker", "tickets.mail.inbound:_claim", "after", "attempt counted"),
    Point("apply.read", "worker", "tickets.mail.inbound:reader.read", "after", "mail read"),
    Point("apply.half", "worker", "tickets.actions.writing:_attachment", "before", "message without its attachments"),
    Point("apply.uncommitted", "worker", "tickets.mail.inbound:_outcome", "after", "all written, not committed"),
    Point("apply.committed", "worker", "tickets.mail.inbound:_apply", "after", "committed, task not acknowledged"),
    Point("event.uncommitted", "worker", "tickets.notifications:_queue", "after", "mails queued, not committed"),
    Point("event.committed", "worker", "tickets.notifications:_send", "before", "mails queued, none sent"),
    Point("out.uncommitted", "worker", "tickets.mail.outbound:_take", "after", "bytes fixed, lease not committed"),
    Point("out.leased", "worker", "tickets.mail.outbound:_hand_over", "before", "lease committed, nothing sent"),
    Point("out.begun", "worker", "tickets.mail.relay:_dotted", "before", "recipient named, nothing of the mail sent"),
    Point("out.dot", "worker", "tickets.mail.relay:_await", "before", "final dot sent, no answer read", window=True),
    Point("out.accepted", "worker", "tickets.mail.outbound:_sent", "before", "250 read, not committed", window=True),
    Point("out.sent", "worker", "tickets.mail.outbound:_sent", "after", "sent and committed"),
    Point("relay.received", "relay", "", "", "relay has the mail, keeps nothing"),
    Point("relay.accepted", "relay", "", "", "relay keeps the mail, says nothing", window=True),
]
BY_NAME = {point.name: point for point in POINTS}
_passed: dict[str, int] = {}


def arm(folder: Path, name: str, passes: int) -> None:
    """Lets whoever comes by there for the `passes`-th time from now on die."""
    new = folder / "armed.new"
    new.write_text(f"{name} {passes} {os.urandom(4).hex()}")
    new.replace(folder / "armed")


def disarm(folder: Path) -> bool:
    """Whether somebody died."""
    (folder / "armed").unlink(missing_ok=True)
    fired = folder / "fired"
    if not fired.exists():
        return False
    fired.unlink()
    return True


def has_fired(folder: Path) -> bool:
    return (folder / "fired").exists()


def reached(name: str) -> None:
    """Called by the process under trial where it may die."""
    armed = Path(os.environ[FOLDER]) / "armed"
    try:
        order = armed.read_text()
    except OSError:
        return
    wanted, passes, _nonce = order.split()
    if wanted != name:
        return
    _passed[order] = _passed.get(order, 0) + 1
    if _passed[order] >= int(passes):
        try:
            armed.rename(armed.with_name("fired"))
        except OSError:
            return
        os.kill(os.getpid(), signal.SIGKILL)


def wrap(part: str) -> None:
    """Makes the points of this part deadly. Raises AttributeError when the code has no such function any more."""
    for point in POINTS:
        if point.part == part and point.target:
            _wrap(point)


def _wrap(point: Point) -> None:
    module, _, path = point.target.partition(":")
    *above, last = path.split(".")
    owner: Any = functools.reduce(getattr, above, import_module(module))
    setattr(owner, last, _deadly(getattr(owner, last), point))


def _deadly(function: Callable[..., Any], point: Point) -> Callable[..., Any]:
    @functools.wraps(function)
    def deadly(*given: Any, **named: Any) -> Any:
        if point.when == "before":
            reached(point.name)
        result = function(*given, **named)
        if point.when == "after":
            reached(point.name)
        return result

    return deadly
