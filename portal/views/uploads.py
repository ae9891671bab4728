"""Files on their way before their form is sent, so that the page can show how far they are."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from portal.access import network
from portal.held_files import MAX_FILES, shown
from tickets.actions import holding
from tickets.models import HeldUpload
from tickets.refusals import Refused, TooMany

_FIELD = re.compile(r"attachments|field_[a-z0-9_-]{1,40}")


@require_POST
@never_cache
def upload(request: HttpRequest) -> HttpResponse:
    return hold(request)


def hold(request: HttpRequest) -> HttpResponse:
    """Holds one file for the form whose mark came along. Answers with its line in the form, or a sentence in plain
    text why it is not kept."""
    file, field = request.FILES.get("file"), request.POST.get("field", "")
    mark = next(iter(holding.keys([request.POST.get("nonce", "")])), None)
    if file is None or mark is None or not _FIELD.fullmatch(field):
        return _refuse(_("This file did not arrive. Please choose it again."))
    if HeldUpload.objects.filter(form=mark, field=field).count() >= 5 * MAX_FILES:
        return _refuse(_("At most %(max)d files fit.") % {"max": MAX_FILES})
    try:
        row = holding.hold(file, form=mark, field=field, network=network(request))
    except TooMany as refusal:
        return _refuse(str(refusal), 429)
    except Refused as refusal:
        return _refuse(str(refusal))
    return render(request, "components/kept_file.html", {"file": shown(row)})


def _refuse(sentence: str, status: int = 422) -> HttpResponse:
    return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
