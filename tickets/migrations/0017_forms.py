
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tickets', '0016_sla_runs'),
    ]

    operations = [
        migrations.CreateModel(
            name='Field',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(max_length=40, unique=True, verbose_name='key')),
                ('label', models.CharField(max_length=120, verbose_name='label')),
                ('kind', models.CharField(choices=[('text', 'Text'), ('long_text', 'Long text'), ('rich_text', 'Text with formatting'), ('number', 'Number'), ('date', 'Date'), ('date_time', 'Date and time'), ('choice', 'Choice'), ('multi_choice', 'Several choices'), ('checkbox', 'Checkbox'), ('email', 'E-mail address'), ('phone', 'Phone number'), ('url', 'Web address'), ('file', 'Files'), ('user', 'Person'), ('section', 'Section'), ('information', 'Information'), ('field_set', 'Field set')], max_length=12, verbose_name='kind')),
                ('choices', models.JSONField(blank=True, default=list)),
                ('audience', models.CharField(choices=[('customers', 'Customers fill it in'), ('readers', 'Customers see it, agents fill it in'), ('agents', 'Only agents see it')], default='customers', max_length=9, verbose_name='who')),
                ('is_asked', models.BooleanField(default=True, verbose_name='some form asks it')),
            ],
            options={
                'verbose_name': 'custom field',
                'verbose_name_plural': 'custom fields',
                'ordering': ['label', 'key'],
            },
        ),
        migrations.CreateModel(
            name='Form',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('slug', models.SlugField(max_length=80, unique=True, verbose_name='short name in addresses')),
                ('is_field_set', models.BooleanField(default=False, help_text='Other forms can take in all its fields at once.', verbose_name='field set')),
                ('is_default', models.BooleanField(default=False, help_text='Also where no topic was chosen.', verbose_name='asked where the help topic has no form')),
                ('draft', models.JSONField(blank=True, default=list, editable=False)),
                ('revision', models.PositiveIntegerField(default=0, editable=False)),
                ('allowed_origins', models.JSONField(blank=True, default=list, verbose_name='may be embedded by')),
            ],
            options={
                'verbose_name': 'form',
                'verbose_name_plural': 'forms',
                'ordering': ['name'],
            },
        ),
        migrations.AddField(
            model_name='ticket',
            name='fields',
            field=models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict, editable=False, verbose_name='fields'),
        ),
        migrations.AddField(
            model_name='helptopic',
            name='form',
            field=models.ForeignKey(blank=True, help_text='Empty: the form of the topic above it, else the default form.', limit_choices_to={'is_field_set': False}, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='help_topics', to='tickets.form', verbose_name='form'),
        ),
        migrations.CreateModel(
            name='FormVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('source', models.JSONField()),
                ('items', models.JSONField()),
                ('saved_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('form', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='tickets.form')),
                ('saved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-number'],
            },
        ),
        migrations.AddField(
            model_name='form',
            name='current',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='tickets.formversion'),
        ),
        migrations.AddField(
            model_name='ticket',
            name='form_version',
            field=models.ForeignKey(db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tickets.formversion'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=django.contrib.postgres.indexes.GinIndex(fields=['fields'], name='ticket_fields', opclasses=['jsonb_path_ops']),
        ),
        migrations.AddConstraint(
            model_name='formversion',
            constraint=models.UniqueConstraint(fields=('form', 'number'), name='form_version_once'),
        ),
        migrations.AddConstraint(
            model_name='form',
            constraint=models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('is_default',), name='form_one_default', violation_error_message='Another form is the default already.'),
        ),
    ]
