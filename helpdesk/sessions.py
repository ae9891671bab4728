"""Sessions in the database, as Django keeps them, read by a prepared statement: every signed-in page asks for one."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from tickets.compiled import Compiled

if TYPE_CHECKING:
    from django.contrib.sessions.models import Session


@cache
def _by_key() -> Compiled[Session]:
    """Made at the first use: the model may be loaded only after the settings that name this module."""
    from django.contrib.sessions.models import Session

    return Compiled(lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now))


class SessionStore(DatabaseStore):
    def _get_session_from_db(self) -> Session | None:
        key = self.session_key
        found = _by_key().first(key, timezone.now()) if key and "\0" not in key else None
        if found is None:
            self._session_key = None
        return found
