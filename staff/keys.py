"""The keys of the workspace: one table, from which the sheet is drawn and that the script obeys.

A key of one letter is bound by `data-key` on its element; after g, by `data-go` on a link of the rail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Key:
    keys: tuple[str, ...]
    label: Any


SHEET: tuple[tuple[Any, tuple[Key, ...]], ...] = (
    (
        _("List"),
        (
            Key(("j",), _("Next ticket")),
            Key(("k",), _("Previous ticket")),
            Key(("o",), _("Open the chosen ticket")),
            Key(("x",), _("Choose ticket")),
            Key(("Shift", "x"), _("Choose all up to here")),
            Key(("u",), _("Back to the list")),
        ),
    ),
    (
        _("Ticket"),
        (
            Key(("r",), _("Reply")),
            Key(("n",), _("Note")),
            Key(("i",), _("Take it yourself")),
            Key(("a",), _("Assign")),
            Key(("s",), _("Status")),
            Key(("e",), _("Resolve")),
            Key(("z",), _("Snooze or wake")),
            Key(("t",), _("Add a task")),
            Key(("l",), _("Link")),
            Key(("d",), _("Merge a duplicate, or unmerge")),
            Key(("f",), _("Ask a third party")),
            Key(("y",), _("Undo")),
            Key(("m",), _("Macros")),
            Key(("p",), _("Print")),
            Key(("#",), _("Delete")),
        ),
    ),
    (
        _("Writing"),
        (
            Key(("/",), _("Put in a canned response")),
            Key(("@",), _("Mention a colleague in a note")),
            Key(("[[",), _("Link to an article")),
            Key(("Ctrl", "B"), _("Bold")),
            Key(("Ctrl", "↵"), _("Send what you write")),
        ),
    ),
    (
        _("Everywhere"),
        (
            Key(("Ctrl", "K"), _("Find and do anything")),
            Key(("/",), _("Search")),
            Key(("[",), _("Fold the views away")),
            Key(("?",), _("This sheet")),
        ),
    ),
)
# After g: slug of a list or name of a page -> the letter.
GO: dict[str, str] = {
    "my-open": "m", "unassigned": "u", "mentions": "e", "due-soon": "d", "waiting": "w", "all-open": "a",
    "snoozed": "z", "resolved": "r", "closed": "c", "ticket_new": "n", "views": "v", "mail": "l",
    "canned": "t", "settings": "s",
}  # fmt: skip
GO_LABELS: dict[str, Any] = {
    "my-open": _("My open"),
    "unassigned": _("Unassigned"),
    "mentions": _("Mentions"),
    "due-soon": _("Due soon"),
    "waiting": _("Waiting on customer"),
    "all-open": _("All open"),
    "snoozed": _("Snoozed"),
    "resolved": _("Resolved"),
    "closed": _("Closed"),
    "ticket_new": _("New ticket"),
    "views": _("Views"),
    "mail": _("Mail log"),
    "canned": _("Canned responses"),
    "settings": _("Settings"),
}


def sheet() -> list[tuple[Any, list[Key]]]:
    """The table with what follows g."""
    going = [Key(("g", letter), GO_LABELS[name]) for name, letter in GO.items()]
    return [*((title, list(keys)) for title, keys in SHEET), (_("Go to"), going)]
