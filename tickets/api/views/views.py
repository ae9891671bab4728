"""Saved views: which there are, and making one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from tickets.actions.views import save_view
from tickets.api.idempotency import idempotent
from tickets.api.inputs import NewView
from tickets.api.pagination import NewestFirst
from tickets.api.shapes import ViewShape
from tickets.api.views.base import DeskView, read
from tickets.models import SavedView


class Views(DeskView):
    inputs = {"POST": NewView}
    outputs = {"GET": ViewShape, "POST": ViewShape}
    created = ("POST",)
    pagination_class = NewestFirst

    def get(self, request: Request) -> Response:
        """The saved views that the token's person sees, newest first; their query is what tickets/?q= takes."""
        pages = NewestFirst()
        rows = pages.paginate_queryset(SavedView.objects.visible_to(self.person), request, self)
        return pages.get_paginated_response([_answer(row) for row in rows or ()])

    @idempotent
    def post(self, request: Request) -> Response:
        """Makes a personal view. Sharing is done in the workspace."""
        return Response(_answer(save_view(None, by=self.person, **read(request, NewView))), status=201)


def _answer(view: SavedView) -> dict[str, Any]:
    names = ("slug", "name", "query", "order", "group", "columns", "audience")
    return {name: getattr(view, name) for name in names} | {"url": f"{settings.BASE_URL}/staff/views/{view.slug}/"}
