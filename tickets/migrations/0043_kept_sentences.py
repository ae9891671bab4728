from django.db import migrations, models


class Migration(migrations.Migration):
    """Room for sentences that are kept with what stands in them; rows stay as they are."""

    dependencies = [("tickets", "0042_brand")]

    operations = [
        migrations.AlterField(
            "draft",
            "held_reason",
            models.TextField(default="", help_text="Why it did not leave at its time."),
        ),
        migrations.AlterField(
            "mailbox",
            "automatic_pause_reason",
            models.TextField(blank=True, editable=False, verbose_name="why paused"),
        ),
        migrations.AlterField(
            "rule",
            "disabled_reason",
            models.TextField(default="", editable=False, verbose_name="switched off because"),
        ),
        migrations.AlterField(
            "rulecheck",
            "note",
            models.TextField(default="", help_text="Why nothing was asked: the loop guard."),
        ),
        migrations.AlterField("slapause", "reason", models.TextField()),
    ]
