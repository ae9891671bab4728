"""Forms of the knowledge base's writers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from staff.forms import FilesField, Mark
from tickets.models import Article, ArticleText, Category, Organization
from tickets.refusals import Invalid


class TextForm(forms.Form):
    """An article in one language. `html` comes from the editor; without scripts it is not sent, and `body` counts."""

    title = forms.CharField(label=_("Title"), max_length=200)
    summary = forms.CharField(
        label=_("Summary"), max_length=300, required=False, help_text=_("One line for lists and search engines.")
    )
    body = forms.CharField(label=_("Text"), strip=False, widget=forms.Textarea(attrs={"rows": 16}))
    html = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)
    comment = forms.CharField(
        label=_("What changed"), max_length=200, required=False, help_text=_("For colleagues, in the list of versions.")
    )
    seen = Mark(int)

    @classmethod
    def of(cls, text: ArticleText | None, *given: Any) -> TextForm:
        if text is None or text.pk is None:
            return cls(*given, initial={"seen": 0})
        known = {"title": text.title, "summary": text.summary, "body": text.html, "html": text.html}
        return cls(*given, initial=known | {"seen": text.version})

    def taken(self) -> dict[str, Any]:
        """What the action takes."""
        data = self.cleaned_data
        return {"title": data["title"], "summary": data["summary"], "html": data["html"] or data["body"]}

    def refuse(self, refusal: Invalid) -> None:
        for field, sentence in refusal.errors.items():
            self.add_error({"html": "body"}.get(field, field if field in self.fields else None), sentence)


class NewArticleForm(TextForm):
    category = forms.ModelChoiceField(Category.objects.all(), label=_("Category"))
    language = forms.ChoiceField(label=_("Written in"), choices=settings.LANGUAGES)
    field_order = ["title", "category", "language", "summary", "body"]


class PlaceForm(forms.ModelForm):
    """Where an article lies, who reads it and from when."""

    attachments = FilesField(label=_("Add files"), required=False)

    class Meta:
        model = Article
        fields = ["category", "audience", "organizations", "publish_at", "slug", "related"]
        widgets = {"publish_at": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")}

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self.fields["publish_at"].required = False
        self.fields["publish_at"].help_text = _("Later than now: it appears then by itself.")
        self.fields["organizations"].queryset = Organization.objects.all()  # type: ignore[attr-defined]
        self.fields["related"].queryset = Article.objects.exclude(pk=self.instance.pk)  # type: ignore[attr-defined]

    def taken(self) -> dict[str, Any]:
        data = {name: value for name, value in self.cleaned_data.items() if name != "attachments"}
        return data | {"publish_at": data["publish_at"] or timezone.now()}

    def refuse(self, refusal: Invalid) -> None:
        names = {"files": "attachments"}
        for field, sentence in refusal.errors.items():
            known = names.get(field, field)
            self.add_error(known if known in self.fields else None, sentence)

    def _post_clean(self) -> None:
        """The action checks and saves; the row stays as it is until then."""
