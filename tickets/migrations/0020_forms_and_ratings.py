import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tickets', '0019_snooze'),
    ]

    operations = [
        migrations.CreateModel(
            name='Rating',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('round', models.PositiveSmallIntegerField()),
                ('score', models.PositiveSmallIntegerField(choices=[(1, 'Very bad'), (2, 'Bad'), (3, 'Fair'), (4, 'Good'), (5, 'Very good')], validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)], verbose_name='score')),
                ('comment', models.TextField(blank=True, verbose_name='comment')),
                ('rated_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name='rated')),
            ],
            options={
                'verbose_name': 'rating',
                'verbose_name_plural': 'ratings',
                'ordering': ['-rated_at'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='form',
            name='form_one_default',
        ),
        migrations.RemoveField(
            model_name='form',
            name='is_default',
        ),
        migrations.AddField(
            model_name='desk',
            name='default_form',
            field=models.ForeignKey(blank=True, help_text='Asked where the help topic has no form, and where no topic was chosen.', limit_choices_to={'is_field_set': False}, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='tickets.form', verbose_name='default form'),
        ),
        migrations.AddField(
            model_name='user',
            name='manages_organization',
            field=models.BooleanField(db_default=False, default=False, help_text='Also where the organization does not let every member see the tickets of the others.', verbose_name="sees the organization's tickets"),
        ),
        migrations.AddField(
            model_name='rating',
            name='agent',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='ratings', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='rating',
            name='rated_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='rating',
            name='ticket',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='ratings', to='tickets.ticket'),
        ),
        migrations.AddConstraint(
            model_name='rating',
            constraint=models.UniqueConstraint(fields=('ticket', 'round'), name='rating_once'),
        ),
        migrations.AddConstraint(
            model_name='rating',
            constraint=models.CheckConstraint(condition=models.Q(('score__range', (1, 5))), name='rating_score_known'),
        ),
    ]
