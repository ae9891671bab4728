"""Error pages in plain words: no version, no setting, no stack."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render


def page(request: HttpRequest, status: int) -> HttpResponse:
    if request.path.startswith("/api/"):
        titles = {400: "Bad request", 403: "Forbidden", 404: "Not found", 429: "Too many requests"}
        problem = {"type": "about:blank", "title": titles.get(status, "Server error"), "status": status}
        return JsonResponse(problem, status=status, content_type="application/problem+json")
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
    return page(request, 403)
