"""Mail by hand: files that somebody has, brought in as if they had come by themselves."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy, ngettext

from staff import lists, mails
from staff.access import AgentRequest, agents_only
from staff.forms import FilesField
from tickets import permissions
from tickets.mail import importing
from tickets.models import Mailbox, User

_SAID = 5  # of the problems; more say nothing more


class ImportForm(forms.Form):
    mailbox = forms.ModelChoiceField(Mailbox.objects.none(), label=gettext_lazy("Mailbox"))
    files = FilesField(label=gettext_lazy("Files"), help_text=gettext_lazy(".eml, .mbox, or .msg of Outlook"))

    def __init__(self, boxes: list[Mailbox], *args: Any, **given: Any):
        super().__init__(*args, **given)
        self.fields["mailbox"].queryset = Mailbox.objects.filter(pk__in=[box.pk for box in boxes])  # type: ignore[attr-defined]

    def clean_files(self) -> list[Any]:
        if not self.cleaned_data["files"]:
            raise forms.ValidationError(self.fields["files"].error_messages["required"], "required")
        return self.cleaned_data["files"]


@agents_only
def import_mail(request: AgentRequest) -> HttpResponse:
    if not permissions.can_open_for(request.user, None):
        raise PermissionDenied
    form = ImportForm(_boxes(request.user), request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        _take(request, form.cleaned_data)
        return redirect("staff:mail")
    context = {"form": form, "rail": lists.rail(request.user, "mail"), "tabs": mails.tabs(request.user, "import")}
    return render(request, "staff/mail_import.html", context, status=400 if request.method == "POST" else 200)


def _boxes(user: User) -> list[Mailbox]:
    return [box for box in Mailbox.objects.all() if permissions.can_release(user, box.department_id)]


def _take(request: AgentRequest, data: dict[str, Any]) -> None:
    done = importing.Imported()
    for file in data["files"]:
        importing.take(file, file.name, done, data["mailbox"])
    if count := len(done.mails):
        messages.success(request, ngettext("%(count)s mail is taken up.", "%(count)s mails are taken up.", count) % {
            "count": count,
        })  # fmt: skip
    if done.already:
        messages.info(request, ngettext("%(count)s was here before.", "%(count)s were here before.", done.already) % {
            "count": done.already,
        })  # fmt: skip
    for problem in done.problems[:_SAID]:
        messages.error(request, problem)
    if (more := len(done.problems) - _SAID) > 0:
        messages.error(
            request,
            ngettext("%(count)s more could not be taken.", "%(count)s more could not be taken.", more)
            % {"count": more},
        )
