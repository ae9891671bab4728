"""Rules are made, changed, ordered and switched by admins; every saving is a version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from tickets import rulebook
from tickets.actions.writing import check_text
from tickets.automation.catalogue import Catalogue
from tickets.automation.checks import problems
from tickets.mail.alerts import tell_admins
from tickets.models import SYSTEM, Rule, RuleVersion, User
from tickets.permissions import Actor
from tickets.refusals import Invalid, NotAllowed


def save(rule: Rule | None, *, by: Actor, **definition: Any) -> Rule:
    """Makes a rule (`rule` None) or changes one; what is not given stays. A change is a new version; saving without
    one is none. Raises Invalid with the places as keys, NotAllowed."""
    _require_admin(by)
    row = Rule() if rule is None else _locked_row(rule)
    for name, value in definition.items():
        if name not in _SETTABLE:
            raise TypeError(name)
        setattr(row, name, value)
    row.conditions, row.effects = Catalogue().settled(row.conditions, row.effects)
    found = dict(problems(row.kind, row.on, row.conditions, row.effects))
    try:
        row.name = check_text("name", row.name, 120)
    except Invalid as refusal:
        found |= refusal.errors
    if found:
        raise Invalid(**found)
    try:
        return _save(row, by)
    except IntegrityError as error:
        raise Invalid(name=_("There is another rule of this kind with this name.")) from error


_SETTABLE = {
    "kind", "name", "description", "on", "conditions", "effects", "stops_after", "reaches_back", "owner", "position",
}  # fmt: skip


def _locked_row(rule: Rule) -> Rule:
    return Rule.objects.get(pk=rule.pk)


@transaction.atomic
def _save(row: Rule, by: Actor) -> Rule:
    row.updated_at = timezone.now()
    is_new = row.pk is None
    if is_new:
        row.owner = row.owner or (by if isinstance(by, User) else None)
        row.position = row.position or _last(row.kind) + 1
        row.save()
        changed = True
    else:
        kept = Rule.objects.select_for_update(of=("self",)).get(pk=row.pk)
        changed = kept.definition != row.definition
        row.version = kept.version + changed
        row.is_enabled, row.disabled_reason = kept.is_enabled, kept.disabled_reason
        row.active_since, row.swept_until = kept.active_since, kept.swept_until
        row.save()
    if changed:
        _keep_version(row, by)
    rulebook.forget_rules()
    return row


def _keep_version(row: Rule, by: Actor) -> None:
    RuleVersion.objects.create(
        rule=row, number=row.version, definition=row.definition, saved_by=by if isinstance(by, User) else None
    )


def _last(kind: str) -> int:
    return Rule.objects.filter(kind=kind).aggregate(last=Max("position"))["last"] or 0


def enable(rule: Rule, *, by: Actor) -> Rule:
    """Switches it on. Raises Invalid while it names something that is gone."""
    _require_admin(by)
    with transaction.atomic():
        row = Rule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
        if found := problems(row.kind, row.on, row.conditions, row.effects):
            raise Invalid(**found)
        if not row.is_enabled:
            row.is_enabled, row.disabled_reason = True, ""
            row.active_since = timezone.now()
            row.swept_until = None if row.reaches_back else row.active_since
            row.save(update_fields=["is_enabled", "disabled_reason", "active_since", "swept_until"])
    rulebook.forget_rules()
    return row


def disable(rule: Rule, *, by: Actor, reason: str = "") -> Rule:
    """Switches it off; `reason`, as `said` keeps it, is written down when the desk itself does it."""
    _require_admin(by)
    with transaction.atomic():
        row = Rule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
        if row.is_enabled:
            row.is_enabled, row.disabled_reason, row.active_since = False, reason, None
            row.save(update_fields=["is_enabled", "disabled_reason", "active_since"])
    rulebook.forget_rules()
    return row


def give_up(pk: int, reason: str) -> None:
    """Switches a rule off that cannot work any more, and tells the admins; the others go on."""
    row = Rule.objects.filter(pk=pk, is_enabled=True).first()
    if row is not None:
        disable(row, by=SYSTEM, reason=reason)
        tell_admins("rule_disabled", rule=row.name, why=reason)


def roll_back(rule: Rule, *, by: Actor, number: int) -> Rule:
    """Makes the rule read as in that version again, as a new version; the history stays whole."""
    version = RuleVersion.objects.filter(rule=rule, number=number).first()
    if version is None:
        raise Invalid(number=_("There is no such version."))
    definition = dict(version.definition)
    definition.pop("kind", None)
    return save(rule, by=by, **definition)


def reorder(kind: str, pks: Sequence[int], *, by: Actor) -> None:
    """Gives the rules of a kind this order; rules that are not named come after, as they were."""
    _require_admin(by)
    with transaction.atomic():
        rows = {row.pk: row for row in Rule.objects.select_for_update(of=("self",)).filter(kind=kind)}
        order = [pk for pk in dict.fromkeys(pks) if pk in rows]
        order += [pk for pk in rows if pk not in order]
        for position, pk in enumerate(order, start=1):
            rows[pk].position = position
        Rule.objects.bulk_update(rows.values(), ["position"])
    rulebook.forget_rules()


def delete(rule: Rule, *, by: Actor) -> None:
    """Deletes it with its versions; what it did stays on the tickets."""
    _require_admin(by)
    Rule.objects.filter(pk=rule.pk).delete()
    rulebook.forget_rules()


def _require_admin(by: Actor) -> None:
    if isinstance(by, User) and not (by.is_active and by.is_superuser):
        raise NotAllowed(_("Only admins may change rules."))
