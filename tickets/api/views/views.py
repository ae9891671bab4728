"""Saved views: which there are; making, changing and deleting one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from tickets.actions.views import delete_view, require_change, save_view
from tickets.api.idempotency import idempotent
from tickets.api.inputs import NewView, ViewChange
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


class OneView(DeskView):
    inputs = {"PATCH": ViewChange}
    outputs = {"GET": ViewShape, "PATCH": ViewShape}

    def get(self, request: Request, slug: str) -> Response:
        """One saved view."""
        return Response(_answer(self._view(slug)))

    def patch(self, request: Request, slug: str) -> Response:
        """Changes what is sent and leaves the rest, also with whom it is shared. Refused when somebody changed the view
        meanwhile: since `version`, if that is sent."""
        given = read(request, ViewChange, partial=True)
        view = self._view(slug)
        require_change(view, by=self.person)
        kept = {name: getattr(view, name) for name in ("name", "query", "audience", "version")}
        shared = {name: getattr(view, name).all() for name in ("departments", "teams", "roles")}
        return Response(_answer(save_view(view, by=self.person, **kept | shared | given)))

    def delete(self, request: Request, slug: str) -> Response:
        """Deletes the view for everybody; its tickets stay."""
        delete_view(self._view(slug), by=self.person)
        return Response(status=204)

    def _view(self, slug: str) -> SavedView:
        """404 for one that the person cannot know of; the actions refuse one that they may only use."""
        seen = SavedView.objects.visible_to(self.person) | SavedView.objects.changeable_by(self.person)
        view = seen.filter(slug=slug).first()
        if view is None:
            raise Http404
        return view


def _answer(view: SavedView) -> dict[str, Any]:
    names = ("slug", "name", "query", "order", "group", "columns", "audience", "version")
    return {name: getattr(view, name) for name in names} | {"url": f"{settings.BASE_URL}/staff/views/{view.slug}/"}
