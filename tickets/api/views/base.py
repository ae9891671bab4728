"""What every ticket address has in common: the row, its input, its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from tickets import permissions
from tickets.api import answers, inputs
from tickets.api.idempotency import idempotent
from tickets.api.shapes import TicketShape
from tickets.models import Ticket, User


def read(request: Request, shape: type[inputs.Strict], *, partial: bool = False) -> dict[str, Any]:
    """The body, checked; raises DRF's ValidationError."""
    given = shape(data=request.data, partial=partial)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


class DeskView(APIView):
    """`inputs` and `outputs` name the shapes of a method's body and answer; the schema is made from them."""

    inputs: ClassVar[dict[str, type[Serializer]]] = {}
    outputs: ClassVar[dict[str, type[Serializer]]] = {}
    created: ClassVar[tuple[str, ...]] = ()

    @property
    def person(self) -> User:
        user = self.request.user
        assert isinstance(user, User)  # noqa: S101 - ScopePermission lets nobody else in
        return user

    def ticket(self, number: str) -> Ticket:
        """The bare row if the token's person may know of it; else it does not exist. Actions fetch what they need."""
        return Ticket.objects.kept().visible_to(self.person).get(number=number)

    def answer(self, ticket: Ticket) -> Response:
        return Response(answers.ticket(ticket, inside=permissions.is_inside(self.person, ticket)))


class VerbView(DeskView):
    """POST does one thing to one ticket and answers the ticket as it is afterwards."""

    shape: ClassVar[type[inputs.Strict]] = inputs.Nothing
    act: ClassVar[Callable[..., Ticket]]
    outputs = {"POST": TicketShape}

    def __init_subclass__(cls) -> None:
        cls.inputs = {"POST": cls.shape}

    @idempotent
    def post(self, request: Request, number: str) -> Response:
        ticket = self.ticket(number)
        return self.answer(type(self).act(ticket, by=self.person, **read(request, self.shape)))
