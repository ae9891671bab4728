from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0044_more_mail_words")]

    operations = [
        migrations.AlterField(
            "mailwording",
            "kind",
            models.CharField(
                choices=[
                    ('auto_response', 'We received the request'),
                    ('reply', "An agent's reply"),
                    ('confirmation', 'Is it solved?'),
                    ('closed', 'The ticket was closed'),
                    ('rating', 'How did we do?'),
                    ('fresh_link', 'A new link to a ticket'),
                    ('mail_too_large', 'A mail was too large to be read'),
                    ('verify', 'Account: confirm the address'),
                    ('known', 'Account: the address is known already'),
                    ('code', 'Account: a code to sign in'),
                    ('no_code', 'Account: a code for an unknown address'),
                    ('password', 'Account: set a new password'),
                    ('no_account', 'Account: a new password for an unknown address'),
                    ('password_changed', 'Account: the password was changed'),
                    ('address_changed', 'Account: the main address was changed'),
                    ('address_removed', 'Account: an address was removed'),
                    ('join', 'Account: is this address yours too?'),
                    ('sign_in', 'Account: a way to sign in was added or removed'),
                    ('data_ready', 'Account: the copy of the data is ready'),
                    ('not_erased', 'Account: the data is not erased, and why'),
                ],
                max_length=20,
                verbose_name="mail",
            ),
        ),
    ]
