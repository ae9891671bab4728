from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tickets.actions import people
from tickets.admin.base import DeskModelAdmin, SharedChoices
from tickets.admin.invitation import invite
from tickets.models import Membership, Organization, Permission, Role, Team, User


class PersonForm(forms.ModelForm):
    """Passwords are not set here: people set their own, by a mailed link."""

    class Meta:
        model = User
        fields = ("email", "name", "organization", "manages_organization", "phone", "language", "time_zone", "notes",
                  "is_active", "is_agent", "is_superuser", "is_available", "capacity", "signature",
                  "may_receive_automatic_mail", "automatic_mail_paused_until")  # fmt: skip
        labels = {"is_superuser": _("Admin")}
        help_texts = {"is_superuser": _("May do everything, also here. Admins are agents too.")}

    def clean_email(self) -> str:
        return self.cleaned_data["email"].lower()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        stays = data.get("is_active") and data.get("is_superuser")
        if self.instance.pk and not stays and people.is_last_admin(self.instance):
            raise forms.ValidationError(_t("This is the last active admin. Make somebody else an admin first."))
        return data


class MembershipInline(SharedChoices, admin.TabularInline):
    model = Membership
    extra = 0
    verbose_name_plural = _("departments and what the agent may do there")


@admin.register(User)
class UserAdmin(DeskModelAdmin):
    form = PersonForm
    list_display = ("email", "name", "organization", "is_agent", "is_superuser", "is_active", "last_login")
    list_filter = ("is_agent", "is_superuser", "is_active", "may_receive_automatic_mail", "memberships__department")
    list_select_related = ("organization",)
    search_fields = ("email", "name", "organization__name")
    autocomplete_fields = ("organization",)
    readonly_fields = ("created_at", "last_login")
    inlines = (MembershipInline,)
    actions = ("mail_password_link",)
    used_by = ("requested_tickets", "assigned_tickets", "messages")
    instead = _("Switch the person off (active) instead: the history stays readable.")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "email",
                    "name",
                    "organization",
                    "manages_organization",
                    "phone",
                    "language",
                    "time_zone",
                    "notes",
                )
            },
        ),
        (_("Access"), {"fields": ("is_active", "is_agent", "is_superuser", "created_at", "last_login")}),
        (_("As an agent"), {"fields": ("is_available", "capacity", "signature")}),
        (_("Mail"), {"fields": ("may_receive_automatic_mail", "automatic_mail_paused_until")}),
    )

    def users_of(self, obj: Any) -> list[str]:
        last = [_t("the desk, which needs an admin")] if people.is_last_admin(obj) else []
        return last + super().users_of(obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """A new person has no password; a new agent is mailed the link to set one."""
        obj.is_agent = obj.is_agent or obj.is_superuser
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        people.details_changed(obj, set(form.changed_data))
        if not change and obj.is_agent:
            invite(obj)
            messages.info(request, _t("A link to set the password is on its way to %(email)s.") % {"email": obj.email})

    @admin.action(description=_("Mail a link to set the password"))
    def mail_password_link(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        reachable = [person for person in chosen if person.is_active]
        for person in reachable:
            invite(person)
        count = len(reachable)
        sentence = ngettext("%(count)s link is on its way.", "%(count)s links are on their way.", count)
        messages.success(request, sentence % {"count": count})
        if off := chosen.count() - count:
            messages.warning(request, ngettext(
                "%(count)s person is switched off and was left out.",
                "%(count)s people are switched off and were left out.", off,
            ) % {"count": off})  # fmt: skip


class RoleForm(forms.ModelForm):
    permissions = forms.MultipleChoiceField(
        label=_("Permissions"), choices=Permission.choices, widget=forms.CheckboxSelectMultiple, required=False
    )

    class Meta:
        model = Role
        fields = ("name", "permissions")


@admin.register(Role)
class RoleAdmin(DeskModelAdmin):
    form = RoleForm
    list_display = ("name", "allows")
    search_fields = ("name",)
    instead = _("Give these agents another role first.")

    @admin.display(description=_("permissions"))
    def allows(self, role: Role) -> str:
        labels = dict(Permission.choices)
        return ", ".join(str(labels.get(one, one)) for one in role.permissions)


@admin.register(Team)
class TeamAdmin(DeskModelAdmin):
    list_display = ("name", "people", "is_enabled")
    list_filter = ("is_enabled",)
    search_fields = ("name",)
    autocomplete_fields = ("members",)
    used_by = ("tickets", "helptopic_set")
    instead = _("Switch it off instead.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        return super().get_queryset(request).prefetch_related(Prefetch("members", User.objects.only("name", "email")))

    @admin.display(description=_("members"))
    def people(self, team: Team) -> str:
        return ", ".join(str(person) for person in team.members.all())


class OrganizationForm(forms.ModelForm):
    class Meta:
        model = Organization
        fields = ("name", "domains", "shares_tickets", "notes")

    def clean_domains(self) -> list[str]:
        return sorted({domain.strip().lower().lstrip("@") for domain in self.cleaned_data["domains"] if domain.strip()})


@admin.register(Organization)
class OrganizationAdmin(DeskModelAdmin):
    form = OrganizationForm
    list_display = ("name", "listed_domains", "shares_tickets")
    list_filter = ("shares_tickets",)
    search_fields = ("name", "domains")
    used_by = ("people",)
    instead = _("Move these people to another organization first.")

    @admin.display(description=_("e-mail domains"))
    def listed_domains(self, organization: Organization) -> str:
        return ", ".join(organization.domains)
