"""The form that opens a ticket: who, what about, the topic's own questions, and what happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.forms import TOO_LONG, MessageForm, public_topics
from tickets import fields as questions
from tickets import form_controls, puzzles
from tickets.actions.writing import Upload, safe_name
from tickets.field_values import Files, Item, is_empty, words
from tickets.models import Desk, Form, FormVersion, HelpTopic
from tickets.models.forms import FieldKind
from tickets.refusals import Unproven


class HiddenMark(forms.Field):
    """The version of the form that the page showed; nothing for none, or for what cannot be one."""

    widget = forms.HiddenInput

    def clean(self, value: Any) -> int | None:
        text = str(value or "")
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


class RequestForm(MessageForm):
    """A new ticket. Who is signed in is not asked for name and address."""

    name = forms.CharField(label=gettext_lazy("Your name"), max_length=200, error_messages=TOO_LONG)
    email = forms.EmailField(
        label=gettext_lazy("Your e-mail address"),
        max_length=254,
        error_messages={
            **TOO_LONG, "invalid": gettext_lazy("This is not an e-mail address. Example: name@company.example"),
        },
    )  # fmt: skip
    topic = forms.ChoiceField(
        label=gettext_lazy("What is it about?"),
        required=False,
        error_messages={"invalid_choice": gettext_lazy("There is no such topic any more. Please choose another.")},
    )
    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=255, error_messages=TOO_LONG)
    asked = HiddenMark(required=False)
    website = forms.CharField(
        required=False, widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}), max_length=500
    )

    def __init__(
        self, *args: Any, signed_in: bool, embedded: Form | None = None, proved: bool = False, **kwargs: Any
    ) -> None:
        """`proved`: the guest came by a link from a mail, so that no puzzle is asked."""
        super().__init__(*args, **kwargs)
        self.proved = proved
        self.asks_puzzle = not (signed_in or proved) and Desk.current().asks_puzzle
        self.embedded = embedded
        topics = _topics_of(embedded) if embedded else public_topics()
        self.topics = {topic.slug: topic for topic in topics}
        names = [(slug, row.path) for slug, row in self.topics.items()]
        self.fields["topic"].choices = [("", _("Something else")), *names]  # type: ignore[attr-defined]
        self.topic = self.topics.get(str(self["topic"].value() or ""))
        if embedded and len(self.topics) == 1:
            (self.topic,), self.topics = self.topics.values(), {}
        self.version = embedded.current if embedded else questions.form_for(self.topic)
        self.items: list[Item] = self.version.items if self.version else []
        self.uploaded: dict[str, list[Upload]] = {}
        self._ask()
        self.fields["body"].label = _("What happened?")
        self.fields["body"].widget.attrs["rows"] = 8
        self.fields["name"].widget.attrs["autocomplete"] = "name"
        self.fields["email"].widget.attrs["autocomplete"] = "email"
        if signed_in:
            del self.fields["name"], self.fields["email"]

    @property
    def upload_url(self) -> str:
        """A frame on another site has no token to show; the page of a link from a mail has."""
        if self.embedded and not self.proved:
            return reverse("portal:embed_upload", args=[self.embedded.slug])
        return super().upload_url

    def _ask(self) -> None:
        """Adds the topic's questions. What was answered so far tells which of them must be answered."""
        self.initial["asked"] = self.version.pk if self.version else ""
        self.checked = questions.Checked()
        if not self.items:
            return
        self.initial |= form_controls.initial(self.items, {})
        self.fields |= form_controls.controls(self.items, {}, inside=False)
        so_far = {name: self[name].value() for name in self.fields if name.startswith(form_controls.PREFIX)}
        self.checked = questions.check(self.items, self._answers(so_far), complete=False)
        for key, item in questions.by_key(self.items).items():
            if control := self.fields.get(form_controls.PREFIX + key):
                control.required = questions.is_required(item, self.checked.values)

    def _answers(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """What was typed, by key; a file becomes the name and key under which it will be kept."""
        found = form_controls.given(data)
        for key, item in questions.by_key(self.items).items():
            if item["kind"] == FieldKind.FILE and key in found:
                if key not in self.uploaded:
                    self.uploaded[key] = self.given(form_controls.PREFIX + key, found[key])
                found[key] = Files({"name": safe_name(one.name), "key": str(one.key)} for one in self.uploaded[key])
        return found

    @property
    def puzzle(self) -> puzzles.Puzzle | None:
        """What the browser has to solve before it may send this; None where nothing is asked."""
        return puzzles.new() if self.asks_puzzle else None

    def prove(self) -> None:
        """Raises Unproven unless the puzzle is solved; a solution is good once."""
        if self.asks_puzzle and not puzzles.solves(str(self.data.get("proof", ""))):
            raise Unproven

    @property
    def parts(self) -> list[dict[str, Any]]:
        return form_controls.parts(self, self.items, self.checked.values, inside=False)

    @property
    def rules(self) -> str:
        return form_controls.rules(self.items, inside=False)

    @property
    def answers(self) -> dict[str, Any]:
        """The questions' answers as the action takes them."""
        return self._answers(self.cleaned_data)

    @property
    def all_files(self) -> list[Upload]:
        shown = [upload for key, files in self.uploaded.items() if key in self.checked.shown for upload in files]
        return [*super().all_files, *shown]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        self.checked = questions.check(self.items, self._answers(data))
        for key, sentence in self.checked.errors.items():
            self.add_error(form_controls.PREFIX + key, sentence)
        return data

    def clean_website(self) -> str:
        """Only robots fill in what nobody sees; a person whose browser did it loses no text."""
        if self.cleaned_data["website"]:
            self.set_value("website", "")
            self.add_error(None, _("This looked like an automatic message and was not sent. Please send it again."))
        return ""

    def renew(self) -> None:
        """The page will show the questions as they are now."""
        self.set_value("asked", str(self.version.pk if self.version else ""))

    def changes(self) -> list[str]:
        """What became different since the page was loaded, in sentences: the admin published the form anew, or another
        topic was chosen without its questions. Answers nobody asks any more go into the text, so that none is lost."""
        seen, now = self.cleaned_data.get("asked"), self.version.pk if self.version else None
        if "asked" not in self.data or seen == now:
            return []
        old = FormVersion.objects.filter(pk=seen).first() if seen else None
        before = questions.by_key(old.items) if old else {}
        told = [*_new(self.items, before, self.checked.shown), *self._put_into_text(before)]
        self.renew()
        return told

    def _put_into_text(self, before: Mapping[str, Item]) -> list[str]:
        gone = set(before) - set(questions.by_key(self.items))
        given = {key: self.data.getlist(form_controls.PREFIX + key) for key in before}  # type: ignore[attr-defined]
        kept = questions.check(before.values(), {key: _one(before[key], values) for key, values in given.items()})
        lines = [
            f"{before[key]['label']}: {words(before[key], value)}"
            for key, value in kept.values.items()
            if key in gone and not is_empty(value)
        ]
        if not lines:
            return []
        self.set_value("body", self.data.get("body", "") + "\n\n" + "\n".join(lines))
        return [_("No longer asked, so your answer was put into the text: %(what)s.") % {"what": "; ".join(lines)}]


def _topics_of(form: Form) -> QuerySet[HelpTopic]:
    return form.help_topics.filter(is_enabled=True).select_related("parent", "department")


def _one(item: Item, values: list[str]) -> Any:
    if item["kind"] == FieldKind.MULTI_CHOICE:
        return values
    return values[-1] if values else None


def _new(items: Iterable[Item], before: Mapping[str, Item], shown: set[str]) -> list[str]:
    labels = [item["label"] for key, item in questions.by_key(items).items() if key in shown and key not in before]
    return [_("New here: %(what)s.") % {"what": ", ".join(labels)}] if labels else []
