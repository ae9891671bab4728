"""A form on somebody else's site, in a frame that only the sites named in the form may show.

Whoever writes there is a guest: browsers send no cookies of ours along from a foreign site, and none are read. So there
is no session to be misused, and no token against that; what comes from another origin's page is refused all the same.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import wording
from portal.access import network
from portal.request_form import RequestForm
from portal.views import uploads
from portal.views.requests import ask_by_mail, guest, unchecked, written
from tickets.models import Form, Ticket
from tickets.refusals import Refused, TooMany, Unproven

_FRAME = "frame-ancestors"


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def form(request: HttpRequest, slug: str) -> HttpResponse:
    found = _find(slug)
    if request.method != "POST":
        return _framed(request, found, RequestForm(signed_in=False, embedded=found))
    _check_origin(request)
    typed = RequestForm(request.POST, request.FILES, signed_in=False, embedded=found)
    if "show" in request.POST:
        return _framed(request, found, unchecked(typed))
    if not typed.is_valid():
        return _framed(request, found, typed, 422, changes=typed.changes())
    if changes := typed.changes():
        return _framed(request, found, typed, 422, changes=changes)
    try:
        ticket = Ticket.objects.filter(nonce=typed.once).first() or written(typed, *guest(request, typed))
    except Unproven:
        return _framed(request, found, typed, address=ask_by_mail(request, typed))
    except Refused as refusal:
        typed.refuse(refusal)
        return _framed(request, found, typed, 429 if isinstance(refusal, TooMany) else 422)
    typed.let_go()
    return _framed(request, found, typed, number=ticket.number, expectation=wording.promise(ticket))


@csrf_exempt
@require_POST
@never_cache
def upload(request: HttpRequest, slug: str) -> HttpResponse:
    """As `uploads.hold`, for a page that has no token."""
    _find(slug)
    _check_origin(request)
    return uploads.hold(request)


def _find(slug: str) -> Form:
    form = Form.objects.select_related("current").filter(slug=slug, is_field_set=False).first()
    if form is None or form.current is None or not form.allowed_origins:
        raise Http404
    return form


def _check_origin(request: HttpRequest) -> None:
    origin = request.headers.get("Origin")
    own = {f"{request.scheme}://{request.get_host()}", "{0.scheme}://{0.netloc}".format(urlsplit(settings.BASE_URL))}
    if origin is not None and origin not in own:
        raise PermissionDenied


def _framed(request: HttpRequest, form: Form, typed: RequestForm, status: int = 200, **more: object) -> HttpResponse:
    if not {"number", "address"} & set(more):
        typed.hold(network(request))
    context = {"embedded": True, "form": typed, "title": form.name, **more}
    response = render(request, "portal/embed.html", context, status=status)
    response._csp_replace = {_FRAME: form.allowed_origins}  # type: ignore[attr-defined]
    response.xframe_options_exempt = True  # type: ignore[attr-defined]
    return response


@require_safe
def script(request: HttpRequest, slug: str) -> HttpResponse:
    """For the foreign page: puts the frame where its tag stands, and makes it as high as the form."""
    _find(slug)
    response = render(request, "portal/embed.js", content_type="text/javascript; charset=utf-8")
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Cache-Control"] = "public, max-age=3600"
    return response
