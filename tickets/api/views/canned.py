"""Canned responses, to be read by programs that agents write with."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tickets import canned
from tickets.api.views.base import DeskView
from tickets.models import CannedResponse
from tickets.refusals import NotAllowed

MOST = 200


class TranslationShape(serializers.Serializer):
    language = serializers.CharField()
    body = serializers.CharField()


class CannedShape(serializers.Serializer):
    id = serializers.IntegerField()
    title = serializers.CharField()
    shortcut = serializers.CharField(help_text="Typed after / while writing; may be empty.")
    folder = serializers.CharField(help_text="Its path; empty at the top.")
    scope = serializers.ChoiceField(["everybody", "department", "team", "own"])
    language = serializers.CharField(help_text="Of `body`; empty when it was not told.")
    body = serializers.CharField(help_text="With its variables.")
    translations = TranslationShape(many=True)
    text = serializers.CharField(allow_null=True, help_text="Filled in for `ticket`; null without one.")
    files = serializers.ListField(child=serializers.CharField(), help_text="Names of files that go along.")


class CannedListShape(serializers.Serializer):
    results = CannedShape(many=True)


class Canned(DeskView):
    outputs = {"GET": CannedListShape}

    def get(self, request: Request) -> Response:
        """The canned responses that the person may use: with `ticket` those that fit it, filled in; with `q` those with
        these words. Agents only; at most 200."""
        if not self.person.is_agent and not self.person.is_superuser:
            raise NotAllowed(_("Canned responses are the desk's own business."))
        words = request.query_params.get("q", "").replace("\x00", "")[:100]
        if number := request.query_params.get("ticket"):
            ticket = self.ticket(number)
            rows = canned.filled(canned.offered(ticket, self.person, words), ticket, self.person)
            return Response({"results": [_told(row.response, row.text) for row in rows]})
        found = CannedResponse.objects.readable_by(self.person).filter(is_enabled=True)
        for word in words.split()[:8]:
            found = found.filter(Q(title__icontains=word) | Q(shortcut__istartswith=word) | Q(body__icontains=word))
        found = found.select_related("folder__parent__parent").prefetch_related("translations", "attachments")
        return Response({"results": [_told(row, None) for row in found[:MOST]]})


def _told(row: CannedResponse, text: str | None) -> dict[str, Any]:
    holders = {"own": row.owner_id, "department": row.department_id, "team": row.team_id}
    return {
        "id": row.pk,
        "title": row.title,
        "shortcut": row.shortcut,
        "folder": row.folder.path if row.folder else "",
        "scope": next((name for name, pk in holders.items() if pk), "everybody"),
        "language": row.language,
        "body": row.body,
        "translations": [{"language": one.language, "body": one.body} for one in row.translations.all()],
        "text": text,
        "files": [file.name for file in row.attachments.all()],
    }
