"""Choosing the language of the pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from portal.languages import LINK, remember
from tickets.actions import people


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """The menu under every page: a guest's browser keeps the choice, an account keeps it everywhere."""
    code = request.POST.get("language", "")
    if code not in dict(settings.LANGUAGES):
        raise BadRequest("no language of the desk")
    if request.user.is_authenticated:
        people.set_language(request.user, code)
    response = HttpResponseRedirect(_back(request))
    remember(response, code)
    return response


def _back(request: HttpRequest) -> str:
    """The page it was chosen on, without the language that a link had asked for."""
    page = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure()):
        return "/"
    parts = urlsplit(page)
    query = QueryDict(parts.query, mutable=True)
    query.pop(LINK, None)
    return parts._replace(query=query.urlencode()).geturl()
