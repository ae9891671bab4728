"""Import by hand in the workspace."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import factories
from tests.mail import post
from tickets.models import Desk, InboundEmail

pytestmark = pytest.mark.django_db
PAGE = "/staff/mail/import/"


@pytest.fixture
def box(home):
    return factories.mailbox(home, address="support@desk.example")


def send(client, box, *files):
    given = [SimpleUploadedFile(name, content) for name, content in files]
    return client.post(PAGE, {"mailbox": box.pk, "files": given}, follow=True)


def test_files_are_taken_and_each_problem_is_said(browser, agent, box):
    mail = post.raw()
    page = send(browser(agent), box, ("a.eml", mail), ("b.msg", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), ("c.eml", b" "))
    text = page.content.decode()
    assert "1 mail is taken up." in text
    assert "b.msg: not a .msg file" in text
    assert "c.eml: there is no mail in it." in text
    assert InboundEmail.objects.get().mailbox == box
    assert "1 was here before." in send(browser(agent), box, ("a.eml", mail)).content.decode()


def test_only_mailboxes_of_ones_own_departments_are_offered(browser, agent, box):
    other = factories.mailbox(factories.department())
    page = browser(agent).get(PAGE).content.decode()
    assert box.address in page
    assert other.address not in page
    assert send(browser(agent), other, ("a.eml", post.raw())).status_code == 400
    assert not InboundEmail.objects.exists()


def test_a_form_without_a_file_says_so(browser, agent, box):
    answer = browser(agent).post(PAGE, {"mailbox": box.pk})
    assert answer.status_code == 400
    assert "This field is required" in answer.content.decode()


def test_the_log_leads_there(browser, agent, box):
    assert f'href="{PAGE}"' in browser(agent).get(reverse("staff:mail")).content.decode()


def test_the_page_costs_the_same_with_one_mailbox_and_with_three(browser, agent, home, box):
    costs = []
    for more in (0, 2):
        for _ in range(more):
            factories.mailbox(home)
        Desk.forget()
        with CaptureQueriesContext(connection) as queries:
            assert browser(agent).get(PAGE).status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1]
