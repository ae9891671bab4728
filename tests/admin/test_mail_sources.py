"""The accounts of a mailbox in the admin: typed once, never shown again, tested in plain words."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests import factories
from tests.admin.test_pages import address
from tests.admin.test_routing import fields_of, said
from tests.mail import post
from tests.mail.imap_server import Pymap
from tests.wait import free_port
from tickets.models import InboundEmail, Mailbox, MailSource
from tickets.secrets import unseal


@pytest.fixture
def server() -> Any:
    made = Pymap()
    yield made
    made.close()


def save(browser: Client, box: Mailbox, **changes: Any) -> Any:
    page = address("mailbox", "change", box.pk)
    typed = fields_of(browser.get(page), **{"sources-TOTAL_FORMS": 1, **changes})
    return browser.post(page, {name: value for name, value in typed.items() if value is not None}, follow=True)


def settings_of(server: Any, **more: Any) -> dict[str, Any]:
    given = {
        "kind": "imap", "is_enabled": "on", "host": server.host, "port": server.port, "security": "plain",
        "username": server.user, "password": server.password, "folder": "INBOX", "afterwards": "keep",
        "processed_folder": "Processed", **more,
    }  # fmt: skip
    return {f"sources-0-{name}": value for name, value in given.items()}


@pytest.fixture
def box(db: None) -> Mailbox:
    return factories.mailbox(factories.department())


def test_an_account_is_added_and_its_password_never_shown(at_work: Client, box: Mailbox, server: Any) -> None:
    page = save(at_work, box, **settings_of(server))
    source = MailSource.objects.get(mailbox=box)
    assert unseal(source.password) == server.password
    text = at_work.get(address("mailbox", "change", box.pk)).content.decode()
    assert server.password not in text + page.content.decode()
    assert source.password not in text
    assert "stored; type to replace it" in text


def test_saving_without_a_password_keeps_it(at_work: Client, box: Mailbox, server: Any) -> None:
    save(at_work, box, **settings_of(server))
    save(at_work, box, **{"sources-0-folder": "Other", "sources-0-password": ""})
    source = MailSource.objects.get()
    assert (source.folder, unseal(source.password)) == ("Other", server.password)


def test_the_connection_is_tested_in_plain_words(at_work: Client, box: Mailbox, server: Any) -> None:
    server.put(post.raw())
    page = save(at_work, box, _test="1", **settings_of(server, fetch_since_0="", fetch_since_1=""))
    assert "Folder INBOX has 1 mails, 1 of them are for the desk" in said(page)
    page = save(at_work, box, _test="1", **{"sources-0-password": "wrong", "sources-0-port": server.port})
    assert "refused the sign-in" in said(page)
    page = save(at_work, box, _test="1", **{"sources-0-port": free_port()})
    assert "Nobody answers" in said(page)
    assert not InboundEmail.objects.exists()


def test_a_mailbox_without_accounts_says_so(at_work: Client, box: Mailbox) -> None:
    assert "no mail source" in said(save(at_work, box, _test="1", **{"sources-TOTAL_FORMS": 0}))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"host": "mail.example.org"}, "Without encryption only to a server on this machine."),
        ({"username": ""}, "Give a user name and password, or choose an OAuth grant."),
        ({"kind": "pop", "afterwards": "move"}, "POP3 has no folders."),
        ({"afterwards": "move", "processed_folder": "INBOX"}, "Must be another folder than the one that is read."),
        ({"host": ""}, "Name the server."),
        ({"kind": "webhook"}, "Choose who sends."),
        ({"kind": "webhook", "provider": "mailgun", "password": ""}, "Without a secret anybody could send mail here."),
        ({"port": "70000"}, "less than or equal to 65535"),
    ],
)
def test_settings_that_cannot_work_are_refused(
    at_work: Client, box: Mailbox, server: Any, wrong: dict[str, Any], says: str
) -> None:
    page = save(at_work, box, **settings_of(server, **wrong))
    assert says in page.content.decode()
    assert not MailSource.objects.exists()


def test_how_it_goes_is_shown(at_work: Client, box: Mailbox, server: Any) -> None:
    save(at_work, box, **settings_of(server))
    MailSource.objects.update(failures=3, last_error="<b>Nobody answers</b>", stored_count=7)
    text = at_work.get(address("mailbox", "change", box.pk)).content.decode()
    assert "Last read: never. Mails stored: 7. Failed attempts since: 3." in text
    assert "&lt;b&gt;Nobody answers" in text
