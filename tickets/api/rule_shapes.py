"""The shapes of what rules look like and what they did, for the schema."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

Shape = serializers.Serializer[Any]
_CAME = _("matched, not, skipped or not_asked.")


def _words() -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(), help_text=_("What it does, one sentence each."))


class RuleShape(Shape):
    id = serializers.IntegerField()
    kind = serializers.CharField(help_text=_("filter, trigger, automation or macro."))
    name = serializers.CharField()
    description = serializers.CharField()
    position = serializers.IntegerField(help_text=_("Among the rules of its kind, the lowest first."))
    is_enabled = serializers.BooleanField()
    disabled_reason = serializers.CharField(help_text=_("Why the desk switched it off; else empty."))
    stops_after = serializers.BooleanField()
    reaches_back = serializers.BooleanField()
    owner = serializers.EmailField(allow_null=True)
    on = serializers.ListField(child=serializers.CharField(), help_text=_("What a trigger listens to."))
    conditions = serializers.JSONField()
    effects = serializers.JSONField()
    told = _words()
    version = serializers.IntegerField()
    updated_at = serializers.DateTimeField()


class RuleVersionShape(Shape):
    number = serializers.IntegerField()
    saved_at = serializers.DateTimeField()
    saved_by = serializers.EmailField(allow_null=True)
    definition = serializers.JSONField()


class RuleDetailShape(RuleShape):
    versions = RuleVersionShape(many=True)


class EffectShape(Shape):
    effect = serializers.JSONField()
    told = serializers.CharField()
    changes = serializers.DictField(help_text=_("By fact: what it was before, and after."))
    refused = serializers.CharField(help_text=_("Why the ticket refused it; else empty."))


class PlannedShape(EffectShape):
    code = serializers.CharField(help_text=_("The same in one word, for programs."))


class RuleRunShape(Shape):
    rule = serializers.IntegerField(allow_null=True, help_text=_("Its id; null when it was deleted."))
    name = serializers.CharField()
    version = serializers.IntegerField()
    at = serializers.DateTimeField()
    event = serializers.CharField(allow_null=True)
    by = serializers.EmailField(allow_null=True, help_text=_("The agent who ran the macro; null for the desk."))
    results = serializers.JSONField(help_text=_("The conditions as a tree, each with what was compared."))
    effects = EffectShape(many=True)
    error = serializers.CharField()


class AskedShape(Shape):
    id = serializers.IntegerField()
    kind = serializers.CharField(help_text=_("filter, trigger, automation or macro."))
    name = serializers.CharField()
    is_enabled = serializers.BooleanField()
    came = serializers.CharField(help_text=_CAME)
    at = serializers.DateTimeField(allow_null=True)


class MomentShape(Shape):
    at = serializers.DateTimeField()
    came = serializers.CharField(help_text=_CAME)
    reason = serializers.CharField()
    event = serializers.CharField(allow_null=True)
    version = serializers.IntegerField(allow_null=True)
    results = serializers.JSONField(help_text=_("The conditions as a tree, each with what was compared."))
    run = RuleRunShape(allow_null=True)


class StoppedShape(Shape):
    at = serializers.DateTimeField()
    reason = serializers.CharField()


class RulesOfTicketShape(Shape):
    runs = RuleRunShape(many=True, required=False)
    rules = AskedShape(many=True, required=False)
    stopped = StoppedShape(many=True, required=False, help_text=_("When the loop guard let no rule act."))
    rule = RuleShape(required=False, help_text=_("With ?rule=."))
    moments = MomentShape(many=True, required=False, help_text=_("With ?rule=, the newest first."))


class MacroShape(Shape):
    id = serializers.IntegerField()
    name = serializers.CharField()
    description = serializers.CharField()
    told = _words()


class MacrosShape(Shape):
    macros = MacroShape(many=True)


class MacroPreviewShape(Shape):
    id = serializers.IntegerField()
    name = serializers.CharField()
    fits = serializers.BooleanField(help_text=_("Whether its conditions hold for the ticket now."))
    effects = PlannedShape(many=True)
    changes = serializers.DictField(help_text=_("What would be different in the end, by fact."))
