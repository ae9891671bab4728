from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Made while the desk goes on working: the table may have millions of rows."""

    atomic = False

    dependencies = [
        ('tickets', '0021_rules'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='ticket',
            index=models.Index(condition=models.Q(('archived_at__isnull', True), ('deleted_at__isnull', True)), fields=['created_at', 'id'], name='ticket_since_created'),
        ),
        AddIndexConcurrently(
            model_name='ticket',
            index=models.Index(condition=models.Q(('archived_at__isnull', True), ('deleted_at__isnull', True)), fields=['updated_at', 'id'], name='ticket_since_updated'),
        ),
        AddIndexConcurrently(
            model_name='ticket',
            index=models.Index(condition=models.Q(('archived_at__isnull', True), ('deleted_at__isnull', True)), fields=['last_message_at', 'id'], name='ticket_since_message'),
        ),
        AddIndexConcurrently(
            model_name='ticket',
            index=models.Index(condition=models.Q(('archived_at__isnull', True), ('deleted_at__isnull', True), ('waiting_since__isnull', False)), fields=['waiting_since', 'id'], name='ticket_since_waiting'),
        ),
        AddIndexConcurrently(
            model_name='ticket',
            index=models.Index(condition=models.Q(('archived_at__isnull', True), ('deleted_at__isnull', True), ('resolved_at__isnull', False)), fields=['resolved_at', 'id'], name='ticket_since_resolved'),
        ),
    ]
