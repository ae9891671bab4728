from django.db import migrations

STATUSES = [
    ("waiting_on_customer", "Waiting on customer", "Waiting for your answer", "warn", True),
    ("on_hold", "On hold", "On hold", "neutral", False),
]
WORK = ["view", "reply", "note", "assign", "triage", "transfer", "resolve", "close", "reopen", "create"]
ROLES = {"Agent": WORK, "Read only": ["view"], "Collaborator": ["view", "note"]}


def add_defaults(apps, schema_editor):
    """What every desk starts with: its settings row, the two shipped statuses, three roles."""
    apps.get_model("tickets", "Desk").objects.get_or_create(pk=1)
    for position, (slug, label, customer_label, colour, ends) in enumerate(STATUSES):
        apps.get_model("tickets", "Status").objects.get_or_create(
            slug=slug,
            defaults={
                "state": "in_progress",
                "label": label,
                "customer_label": customer_label,
                "colour": colour,
                "pauses_sla": True,
                "ends_on_customer_message": ends,
                "position": position,
            },
        )
    for name, permissions in ROLES.items():
        apps.get_model("tickets", "Role").objects.get_or_create(name=name, defaults={"permissions": permissions})


class Migration(migrations.Migration):
    dependencies = [("tickets", "0001_initial")]
    operations = [migrations.RunPython(add_defaults, migrations.RunPython.noop, elidable=False)]
