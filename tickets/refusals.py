"""Why the desk says no. Every face turns these into its own words: a notice, a 403/404/409 or a mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from tickets.states import VERBS, State, allowed_from

if TYPE_CHECKING:
    from tickets.models import Ticket


# They need a mark (archived, in the trash, merged) and are named only where nothing else is possible.
_UNMARKING = {"unarchive", "restore", "unmerge"}


class Refused(Exception):
    """The request was understood and is not done; `str()` is a sentence for the person who asked."""


class IllegalTransition(Refused):
    """The lifecycle has no such step from the ticket's state.

    Carries `verb`, `state` and `allowed` (the verbs the machine takes now) for the API's 409 answer.
    """

    def __init__(self, verb: str, ticket: Ticket) -> None:
        self.verb = verb
        self.state = str(ticket.state)
        self.archived = ticket.archived_at is not None
        self.allowed = ["unarchive"] if self.archived else allowed_from(self.state)
        state = _("Archived") if self.archived else State(self.state).label
        if ticket.deleted_at is not None:
            self.allowed, state = ["restore"], _("In the trash")
        named = [name for name in self.allowed if len(self.allowed) == 1 or name not in _UNMARKING]
        super().__init__(
            _("“%(verb)s” is not possible. State of ticket %(number)s: %(state)s. Possible now: %(allowed)s.")
            % {
                "verb": VERBS[verb].label,
                "number": ticket.number,
                "state": state,
                "allowed": ", ".join(str(VERBS[name].label) for name in named),
            }
        )


class Invalid(Refused):
    """What was given cannot be taken. `errors` maps field names to sentences."""

    def __init__(self, **errors: str) -> None:
        self.errors = errors
        super().__init__(" ".join(errors.values()))


class NoDepartment(Invalid):
    """The desk is not set up yet: there is nowhere to put a request."""


class Unproven(Refused):
    """A guest's browser has not shown that it is no robot; the address has to be confirmed by mail."""


class Filtered(Refused):
    """A filter refuses the request; `str()` is what the sender reads. `rule` names the filter, and `sifted` writes down
    what it went by."""

    def __init__(self, reason: str, rule: str, sifted: Any) -> None:
        self.rule, self.sifted = rule, sifted
        super().__init__(reason)


class OutdatedReply(Refused):
    """Somebody wrote since the writer last looked; nothing was sent and the text is still the writer's."""


class TooLate(Refused):
    """What should be undone has taken effect by now."""


class TooMany(Refused):
    """A limit was reached. `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(_("That was too often. Please try again in a little while."))


class NotAllowed(Refused, PermissionDenied):
    """The person may see the ticket but not do this to it; a 403 on every face."""
