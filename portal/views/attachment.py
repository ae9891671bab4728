from __future__ import annotations

import re

from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

from portal.access import person_for, readable
from tickets import blobs
from tickets.models import Attachment

_HARMLESS = re.compile(r"image/(png|jpeg|gif|webp)|application/(pdf|zip)|text/(plain|csv)")


@require_safe
def download(request: HttpRequest, key: str) -> FileResponse:
    """A file of a message that this person may read; for everybody else there is nothing here.

    Never shown by our origin: always a download, in a sandbox, with no type that a browser would run.
    """
    file = Attachment.objects.select_related("message__ticket").filter(key=key).first()
    person = person_for(request, file.message.ticket) if file else None
    if file is None or person is None:
        raise Http404
    if not readable(file.message.ticket, person).filter(pk=file.message_id).exists():
        raise Http404
    try:
        blob = blobs.open_blob(file.sha256)
    except FileNotFoundError:
        raise Http404 from None
    kind = file.content_type if _HARMLESS.fullmatch(file.content_type) else "application/octet-stream"
    response = FileResponse(blob, as_attachment=True, filename=file.name, content_type=kind)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response
