"""Error pages in plain words: no version, no setting, no stack."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import get_language_from_request


class NoNullMiddleware:
    """An address with a NUL in it names nothing: PostgreSQL has no such text."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info:
            raise Http404
        return self.get_response(request)


def page(request: HttpRequest, status: int) -> HttpResponse:
    if request.path.startswith("/api/"):
        titles = {400: "Bad request", 403: "Forbidden", 404: "Not found", 429: "Too many requests"}
        problem = {"type": "about:blank", "title": titles.get(status, "Server error"), "status": status}
        return JsonResponse(problem, status=status, content_type="application/problem+json")
    if status == 500:  # whatever is broken, the database for one, must not be needed to say so
        language = getattr(request, "LANGUAGE_CODE", None) or get_language_from_request(request)
        with translation.override(language):
            return HttpResponse(render_to_string("errors/500.html"), status=500)
    return render(request, f"errors/{status}.html", status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 404)


def too_many(request: HttpRequest) -> HttpResponse:
    return page(request, 429)


def server_error(request: HttpRequest) -> HttpResponse:
    return page(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Nobody lacks a permission: the browser kept no cookie, or lost it since."""
    if request.path.startswith("/api/"):
        return page(request, 403)
    return render(request, "errors/csrf.html", status=403)
