"""What a wording may name: the published list, and the values for a ticket.

Values are looked up only when a text asks for them, and are text, lists of text, moments or nothing. They are put in
as they are and never read as a template again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets.models import Desk, Message, Ticket, User
from tickets.models.forms import LAYOUT_KINDS, Field, FieldKind
from tickets.states import Priority
from tickets.wording_language import MOST_ITEMS, MOST_VALUE, Moment

FIELDS = "ticket.fields"


@dataclass(frozen=True)
class Source:
    """Where values come from. `agent` writes; when the desk itself writes, the assignee stands in."""

    ticket: Ticket
    agent: User | None = None
    message: Message | None = None

    @property
    def writer(self) -> User | None:
        return self.agent or self.ticket.assignee


@dataclass(frozen=True)
class Variable:
    label: str | Promise
    sample: str | Promise | list[str]
    value: Callable[[Source], Any] = field(repr=False)


def first_name(person: User) -> str:
    """“Hopper, Grace” and “Grace Hopper” both are Grace."""
    family, comma, given = person.display_name.partition(",")
    words = (given if comma and given.strip() else family).split()
    return words[0] if words else person.display_name


def _signature(source: Source) -> str:
    own = source.writer.signature if source.writer else ""
    return own or source.ticket.department.signature


def _ticket_url(source: Source) -> str:
    return settings.BASE_URL + reverse("portal:ticket", args=[source.ticket.number])


def _of(person: Callable[[Source], User | None], value: Callable[[User], Any]) -> Callable[[Source], Any]:
    def found(source: Source) -> Any:
        somebody = person(source)
        return value(somebody) if somebody else None

    return found


def _requester(source: Source) -> User:
    return source.ticket.requester


def _organization(source: Source) -> Any:
    organization = source.ticket.requester.organization
    return organization.name if organization else None


VARIABLES: dict[str, Variable] = {
    "ticket.number": Variable(gettext_lazy("ticket number"), "482913", lambda source: source.ticket.number),
    "ticket.subject": Variable(
        gettext_lazy("subject"), gettext_lazy("Printer on the second floor"), lambda source: source.ticket.subject
    ),
    "ticket.state": Variable(
        gettext_lazy("state, as customers read it"), "In progress", lambda source: source.ticket.customer_label
    ),
    "ticket.status": Variable(
        gettext_lazy("status, as agents read it"), "On hold", lambda source: source.ticket.label
    ),
    "ticket.priority": Variable(
        gettext_lazy("priority"), "Normal", lambda source: str(Priority(source.ticket.priority).label)
    ),
    "ticket.department": Variable(
        gettext_lazy("department"), "Support", lambda source: source.ticket.department.name
    ),
    "ticket.help_topic": Variable(
        gettext_lazy("help topic"),
        "Hardware",
        lambda source: source.ticket.help_topic.name if source.ticket.help_topic else None,
    ),
    "ticket.team": Variable(
        gettext_lazy("team"), "Second line", lambda source: source.ticket.team.name if source.ticket.team else None
    ),
    "ticket.tags": Variable(gettext_lazy("tags, a list"), ["printer"], lambda source: list(source.ticket.tag_names)),
    "ticket.url": Variable(
        gettext_lazy("address of the ticket for customers"), "https://desk.example/tickets/482913/", _ticket_url
    ),
    "ticket.created_at": Variable(
        gettext_lazy("when it was opened"), "2026-03-02 09:00", lambda source: source.ticket.created_at
    ),
    "ticket.due_at": Variable(gettext_lazy("when it is due"), "2026-03-02 17:00", lambda source: source.ticket.due_at),
    "requester.name": Variable(
        gettext_lazy("requester's name"), "Grace Hopper", _of(_requester, lambda person: person.display_name)
    ),
    "requester.first_name": Variable(gettext_lazy("requester's first name"), "Grace", _of(_requester, first_name)),
    "requester.email": Variable(
        gettext_lazy("requester's address"), "grace@customer.example", _of(_requester, lambda person: person.email)
    ),
    "requester.phone": Variable(
        gettext_lazy("requester's phone"), "+1 555 0100", _of(_requester, lambda person: person.phone)
    ),
    "requester.language": Variable(
        gettext_lazy("requester's language, its code"), "en", _of(_requester, lambda person: person.language)
    ),
    "organization.name": Variable(gettext_lazy("requester's organization"), "Acme", _organization),
    "agent.name": Variable(
        gettext_lazy("name of the agent who writes"),
        "Ana Moreira",
        _of(lambda source: source.writer, lambda person: person.display_name),
    ),
    "agent.first_name": Variable(
        gettext_lazy("first name of the agent who writes"), "Ana", _of(lambda source: source.writer, first_name)
    ),
    "agent.email": Variable(
        gettext_lazy("address of the agent who writes"),
        "ana@desk.example",
        _of(lambda source: source.writer, lambda person: person.email),
    ),
    "agent.signature": Variable(gettext_lazy("signature of the agent, else of the department"), "Ana", _signature),
    "assignee.name": Variable(
        gettext_lazy("name of the agent who has the ticket"),
        "Ben Okafor",
        _of(lambda source: source.ticket.assignee, lambda person: person.display_name),
    ),
    "assignee.first_name": Variable(
        gettext_lazy("first name of the agent who has the ticket"),
        "Ben",
        _of(lambda source: source.ticket.assignee, first_name),
    ),
    "message.text": Variable(
        gettext_lazy("text of the newest message that customers see"),
        gettext_lazy("It does not print."),
        lambda source: _message(source, lambda message: message.body),
    ),
    "message.author": Variable(
        gettext_lazy("who wrote it"), "Grace Hopper", lambda source: _message(source, lambda one: one.author_name)
    ),
    "desk.name": Variable(gettext_lazy("company name"), "Acme Support", lambda source: Desk.current().name),
    "desk.url": Variable(
        gettext_lazy("address of the help desk"), "https://desk.example/", lambda source: settings.BASE_URL + "/"
    ),
    "now": Variable(gettext_lazy("this moment"), "2026-03-02 10:30", lambda source: timezone.now()),
}  # fmt: skip

_MANY_LINES = {"agent.signature", "message.text"}


def _message(source: Source, value: Callable[[Message], str]) -> str | None:
    message = source.message or source.ticket.messages.public().order_by("-pk").first()
    return value(message) if message else None


class Values(Mapping[str, Any]):
    """A part of the tree of variables, worked out when asked for and then remembered."""

    def __init__(self, made: Mapping[str, Callable[[], Any]]) -> None:
        self._made, self._known = made, dict[str, Any]()

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            self._known[name] = self._made[name]()
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


def fit(value: Any, *, lines: bool = True) -> Any:
    """A value as the language knows it: nothing instead of an empty text, so that `if` asks whether there is one."""
    if isinstance(value, (list, tuple)):
        return [one for one in (fit(item, lines=False) for item in value[:MOST_ITEMS]) if one is not None] or None
    if hasattr(value, "astimezone"):
        return Moment.of(value)
    if isinstance(value, bool):
        return _("Yes") if value else None
    if value is None or isinstance(value, Mapping):
        return None
    text = str(value)[:MOST_VALUE].replace("\x00", "").replace("\r", "")
    return (text if lines else " ".join(text.split())) or None


def variables_of(ticket: Ticket, agent: User | None = None, *, message: Message | None = None) -> Mapping[str, Any]:
    """The values for `ticket`, for `render`, in the language and zone that are active then."""
    source = Source(ticket, agent, message)
    return _tree(
        lambda path, known: fit(known.value(source), lines=path in _MANY_LINES), lambda: _custom(ticket.fields)
    )


def variables_of_desk() -> Mapping[str, Any]:
    """What a text that belongs to no ticket may name."""
    return {"desk": {"name": fit(Desk.current().name), "url": settings.BASE_URL + "/"}}


def field_keys() -> set[str]:
    """The custom fields that a text may name."""
    return set(Field.objects.exclude(kind__in=[*LAYOUT_KINDS, *_UNTOLD]).values_list("key", flat=True))


# What has no words of its own.
_UNTOLD = (FieldKind.FILE, FieldKind.USER, FieldKind.RICH_TEXT)


def _custom(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Custom fields by their keys, choices by their labels."""
    known = Field.objects.filter(key__in=list(values)).exclude(kind__in=_UNTOLD)
    return {field.key: _told(field, values[field.key]) for field in known}


def _told(field: Field, value: Any) -> Any:
    if field.kind in (FieldKind.CHOICE, FieldKind.MULTI_CHOICE):
        labels = {one.get("value"): one.get("label") for one in field.choices}
        chosen = value if isinstance(value, list) else [value]
        found = [labels.get(one, one) for one in chosen]
        return fit(found if field.kind == FieldKind.MULTI_CHOICE else found[0])
    if field.kind in (FieldKind.DATE, FieldKind.DATE_TIME) and isinstance(value, str):
        return Moment.read(value) or fit(value)
    return fit(value, lines=field.kind == FieldKind.LONG_TEXT)


def samples(size: int = 0, keys: Iterable[str] = ()) -> Mapping[str, Any]:
    """Made-up values, for a preview without a ticket; with a `size`, texts and lists of that size."""

    def value(path: str, known: Variable) -> Any:
        if size:
            return ["x" * 40] * MOST_ITEMS if isinstance(known.sample, list) else "&" * size
        return Moment.of(timezone.now()) if path == "now" or path.endswith("_at") else fit(known.sample)

    return _tree(value, lambda: dict.fromkeys(keys, "&" * size if size else "…"))


def _tree(value: Callable[[str, Variable], Any], fields: Callable[[], Mapping[str, Any]]) -> Values:
    groups: dict[str, dict[str, Callable[[], Any]]] = {}
    top: dict[str, Callable[[], Any]] = {}
    for path, known in VARIABLES.items():
        root, dot, name = path.partition(".")
        place, key = (groups.setdefault(root, {}), name) if dot else (top, root)
        place[key] = partial(value, path, known)
    groups["ticket"]["fields"] = fields
    made = {root: Values(group) for root, group in groups.items()}
    return Values(top | {root: partial(_same, group) for root, group in made.items()})


def _same(group: Values) -> Values:
    return group
