"""The language and the time zone of a page, for every face."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language_from_request

from portal.languages import LINK, remember
from tickets import reading
from tickets.models import User

# There `?lang=` means the language of a text that is written, not that of the page.
_WRITING = ("/staff/", "/admin/", "/api/")
# Read without cookies: by programs, and in frames on other sites.
_WITHOUT_ACCOUNT = ("/embed/", "/api/", "/hooks/")


class LanguageMiddleware(LocaleMiddleware):
    """First what the account says, then a link (`?lang=de`, kept for later pages), then the browser, then the desk."""

    def process_request(self, request: HttpRequest) -> None:
        person, asked = _person(request), _asked(request)
        chosen = reading.offered(person.language) if person else ""
        translation.activate(chosen or asked or get_language_from_request(request))
        request.LANGUAGE_CODE = translation.get_language()
        timezone.activate(reading.zone_of(person))

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response = super().process_response(request, response)
        if response.get("Content-Type", "").startswith("text/html"):
            patch_vary_headers(response, ("Cookie",))
        asked = _asked(request)
        if asked and not request.path.startswith(_WITHOUT_ACCOUNT):
            remember(response, asked)
        return response


def _person(request: HttpRequest) -> User | None:
    """Who is signed in. A browser without a session costs no question."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or request.path.startswith(_WITHOUT_ACCOUNT):
        return None
    return request.user if request.user.is_authenticated else None


def _asked(request: HttpRequest) -> str:
    """The language that a link asks for, if it is one of ours."""
    return "" if request.path.startswith(_WRITING) else reading.offered(request.GET.get(LINK, "")[:20])
