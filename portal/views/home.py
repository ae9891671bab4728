from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from portal import presenters, wording
from portal.access import own_tickets
from portal.forms import public_topics
from tickets import articles, brand
from tickets.models import Department, Desk, PortalText

Place = PortalText.Place
_RECENT = 5


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    context = {"topics": presenters.topics(public_topics()), "expectation": wording.expectation(default_department())}
    context["popular"] = articles.popular(AnonymousUser(), get_language() or settings.LANGUAGE_CODE)
    context |= {"heading": brand.line(Place.TITLE), "landing": brand.text(Place.LANDING)}
    if request.user.is_authenticated:
        recent = own_tickets(request.user).select_related("status").order_by("-last_message_at", "-id")[:_RECENT]
        context["tickets"] = presenters.rows(recent)
    return render(request, "portal/home.html", context)


def default_department() -> Department | None:
    """Where a request without a topic goes, with its SLA policy; None while the desk has no department."""
    desk = Desk.objects.select_related("default_department__sla_policy").first()
    if desk and desk.default_department:
        return desk.default_department
    return Department.objects.select_related("sla_policy").order_by("pk").first()
