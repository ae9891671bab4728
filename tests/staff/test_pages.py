from __future__ import annotations

import re
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests import factories, people
from tests.mail import post
from tickets.actions import conversation
from tickets.mail import health
from tickets.models import InboundEmail, OutboundEmail, Permission, Ticket, TicketEvent

pytestmark = pytest.mark.django_db

HOSTILE = '<script>alert("x")</script>&"\''
VIEWS = ["my-open", "unassigned", "due-soon", "waiting", "all-open", "resolved", "closed", "archived"]


def view(slug):
    return reverse("staff:view", args=[slug])


def page_of(ticket):
    return reverse("staff:ticket", args=[ticket.number])


def queries(client, url, **headers):
    client.get(url, headers=headers)  # glyphs and templates are loaded once per process
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url, headers=headers).status_code == 200
    return len(captured)


PAGES = ["/staff/", view("my-open"), "/staff/search/?q=x", "/staff/tickets/new/", "/staff/mail/",
         "/staff/mail/outgoing/", "/staff/tickets/1/"]  # fmt: skip


@pytest.mark.parametrize("url", PAGES)
def test_the_anonymous_sign_in_and_come_back(url):
    response = Client().get(url)
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login") + "?next=/staff/")


@pytest.mark.parametrize("url", PAGES)
def test_customers_do_not_get_in(url, browser):
    assert browser(people.customer()).get(url).status_code == 403


def test_a_session_that_ended_sends_the_whole_page_away(ticket):
    response = Client().get(page_of(ticket), headers={"HX-Request": "true"})
    assert response.status_code == 204
    assert "/staff/tickets/" in response["HX-Redirect"]


@pytest.mark.parametrize("slug", VIEWS)
def test_a_view_costs_the_same_with_one_row_and_three(slug, browser, agent, home):
    states = {"resolved": "resolved", "closed": "closed", "archived": "closed"}
    client = browser(agent)

    def one_more():
        made = factories.ticket_in(states.get(slug, "open"), agent, department=home)
        Ticket.objects.filter(pk=made.pk).update(**_columns(slug, made))

    one_more()
    first = queries(client, view(slug))
    one_more(), one_more()
    assert queries(client, view(slug)) == first <= 12


def _columns(slug, ticket):
    from tickets.models import Status

    return {
        "unassigned": {"assignee": None},
        "due-soon": {"due_at": ticket.created_at},
        "waiting": {"status": Status.objects.get(slug="waiting_on_customer")},
        "archived": {"archived_at": ticket.created_at},
    }.get(slug, {"priority": 2})


def test_a_ticket_costs_the_same_with_one_message_and_three(browser, agent, ticket):
    client = browser(agent)
    conversation.reply(ticket, by=agent, body="One.")
    first = queries(client, page_of(ticket))
    for body in ("Two.", "Three."):
        conversation.reply(ticket, by=agent, body=body)
        conversation.note(ticket, by=agent, body=body)
        conversation.receive(ticket, by=ticket.requester, body=body, source="web")
    assert queries(client, page_of(ticket)) == first <= 24
    assert queries(client, page_of(ticket), **{"HX-Request": "true"}) < first


def test_the_list_shows_what_is_due_and_by_whom(browser, agent, home):
    home.sla_policy = factories.sla_policy(60, 480)
    home.save()
    ticket = factories.ticket(department=home, subject="The door is stuck", body="Since this morning.")
    page = browser(agent).get(view("unassigned")).content.decode()
    assert "The door is stuck" in page
    assert "Since this morning." in page
    assert ticket.number in page
    assert re.search(r"Due in (59|60) min", page)
    late = factories.age(ticket, minutes=100)
    Ticket.objects.filter(pk=late.pk).update(due_at=late.due_at)
    assert "Overdue by 40 min" in browser(agent).get(view("due-soon")).content.decode()


def test_other_departments_stay_unseen(browser, outsider, ticket):
    client = browser(outsider)
    for slug in VIEWS:
        page = client.get(view(slug)).content.decode()
        assert ticket.number not in page
        assert "rail__count" not in page
    assert client.get(page_of(ticket)).status_code == 404
    assert client.get(view(f"d-{ticket.department.slug}")).status_code == 404
    assert ticket.number not in client.get("/staff/search/", {"q": "printer"}).content.decode()
    assert ticket.subject not in client.get("/staff/search/", {"q": ticket.number}, follow=True).content.decode()


def test_an_agent_is_a_customer_where_they_are_the_requester(browser, outsider, home):
    """Notes about a colleague's own request stay closed to them."""
    ticket = factories.ticket(outsider, home)
    client = browser(outsider)
    assert client.get(page_of(ticket)).status_code == 404
    assert ticket.number not in client.get(view("all-open")).content.decode()
    assert page_of(ticket) not in client.get("/staff/search/", {"q": "printer"}).content.decode()


def test_a_watching_agent_of_another_department_reads(browser, outsider, ticket):
    ticket.followers.create(user=outsider)
    page = browser(outsider).get(page_of(ticket))
    assert page.status_code == 200
    assert "reply-body" not in page.content.decode()


def test_there_is_no_such_view(browser, agent):
    assert browser(agent).get(view("nonsense")).status_code == 404
    assert browser(agent).get(view("trash")).status_code == 404


def test_hostile_text_is_only_text(browser, agent, home):
    requester = people.customer(name=HOSTILE)
    ticket = factories.ticket(requester, home, subject=HOSTILE, body=HOSTILE + " https://x.example/?a=1&b=<i>")
    conversation.note(ticket, by=agent, body=HOSTILE)
    client = browser(agent)
    for url in (view("all-open"), page_of(ticket), "/staff/search/?q=%3Cscript%3Ealert"):
        page = client.get(url).content.decode()
        assert "<script>alert" not in page
    page = client.get(page_of(ticket)).content.decode()
    assert 'href="https://x.example/?a=1&amp;b="' in page


def test_htmx_gets_the_pane_and_the_row_but_not_the_list(browser, agent, ticket):
    client = browser(agent)
    response = client.get(page_of(ticket), headers={"HX-Request": "true"})
    page = response.content.decode()
    assert 'id="ticket"' in page
    assert f'<li class="row row--selected row--unread" id="row-{ticket.pk}"' in page
    assert "<html" not in page
    assert 'id="rail"' not in page
    assert "HX-Request" in response["Vary"]
    whole = client.get(page_of(ticket), headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert b"<html" in whole.content


def test_the_ticket_opens_beside_the_list_it_came_from(browser, agent, ticket):
    other = factories.ticket(department=ticket.department, subject="Another one")
    page = browser(agent).get(page_of(ticket) + "?view=unassigned").content.decode()
    assert "Another one" in page
    assert f"{page_of(other)}?view=unassigned" in page
    page = browser(agent).get(page_of(ticket) + "?q=another").content.decode()
    assert f"{page_of(other)}?q=another" in page


@pytest.mark.parametrize(
    "query",
    ["view=../x", "after=x", "before=9-9", "after=" + "9" * 40, "earlier=x", "view=trash", "view=d-%00"],
)
def test_nonsense_in_the_address_is_ignored(query, browser, agent, ticket):
    assert browser(agent).get(f"{page_of(ticket)}?{query}").status_code == 200


def test_pages_forth_and_back(browser, agent, home, monkeypatch):
    from tickets import queries as reads

    monkeypatch.setattr(reads.page, "__kwdefaults__", {**reads.page.__kwdefaults__, "size": 2})
    tickets = [factories.ticket(department=home) for _ in range(3)]
    client = browser(agent)
    first = client.get(view("unassigned")).content.decode()
    assert tickets[2].number in first
    assert tickets[0].number not in first
    older = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = client.get(older).content.decode()
    assert tickets[0].number in second
    assert tickets[2].number not in second
    newer = re.search(r'rel="prev" href="([^"]+)"', second)[1].replace("&amp;", "&")
    assert tickets[2].number in client.get(newer).content.decode()


def test_long_threads_open_at_the_end_and_show_what_came_before(browser, agent, ticket, monkeypatch):
    from tickets import timeline as reads

    monkeypatch.setattr(reads.page, "__kwdefaults__", {**reads.page.__kwdefaults__, "size": 3})
    for number in range(6):
        conversation.note(ticket, by=agent, body=f"Note number {number}.")
    client = browser(agent)
    page = client.get(page_of(ticket)).content.decode()
    assert "Note number 5." in page
    assert "Note number 2." not in page
    earlier = re.search(r'href="([^"]+earlier=[^"]+)"', page)[1]
    piece = client.get(earlier, headers={"HX-Request": "true"}).content.decode()
    assert "Note number 2." in piece
    assert "Note number 5." not in piece
    assert "<html" not in piece
    assert "Note number 2." in client.get(earlier).content.decode()


def test_a_number_typed_exactly_goes_to_the_ticket(browser, agent, ticket):
    response = browser(agent).get("/staff/search/", {"q": f"#{ticket.number}"})
    assert response["Location"] == page_of(ticket)


def test_search_finds_and_says_what_it_did_not_understand(browser, agent, ticket):
    page = browser(agent).get("/staff/search/", {"q": "printer"}).content.decode()
    assert f"{page_of(ticket)}?q=printer" in page
    assert "Nothing found" in browser(agent).get("/staff/search/", {"q": "zebra"}).content.decode()


def test_the_delivery_of_a_reply_is_shown(browser, agent, ticket):
    conversation.reply(ticket, by=agent, body="Look here.")
    mails, client = OutboundEmail.objects.filter(kind="reply"), browser(agent)
    assert "queued" in client.get(page_of(ticket)).content.decode()
    mails.update(state="sent")
    assert ">sent<" in client.get(page_of(ticket)).content.decode()
    mails.update(state="failed", last_error="550 no such user")
    assert "550 no such user" in client.get(page_of(ticket)).content.decode()


def test_a_mail_that_waits_says_why_and_can_be_sent_again(browser, agent, ticket):
    conversation.reply(ticket, by=agent, body="Look here.")
    OutboundEmail.objects.filter(kind="reply").update(state="retry", last_error="451 <come> later")
    client, mail = browser(agent), OutboundEmail.objects.get(kind="reply")
    page = client.get(page_of(ticket)).content.decode()
    assert f"Waiting to be delivered to {mail.recipient} since today" in page
    assert "451 &lt;come&gt; later" in page
    again = reverse("staff:mail_resend", args=[mail.pk])
    assert again in page
    answer = client.post(again, {"back": "ticket"})
    assert answer["Location"] == page_of(ticket)
    mail.refresh_from_db()
    assert (mail.state, mail.attempt) == ("retry", 0)


def test_a_mail_can_be_given_up(browser, agent, outsider, ticket):
    conversation.reply(ticket, by=agent, body="Look here.")
    mail = OutboundEmail.objects.get(kind="reply")
    cancel = reverse("staff:mail_cancel", args=[mail.pk])
    assert cancel in browser(agent).get(reverse("staff:mail_outgoing")).content.decode()
    assert browser(outsider).post(cancel).status_code == 404
    browser(agent).post(cancel)
    mail.refresh_from_db()
    assert (mail.state, mail.next_attempt_at) == ("cancelled", None)
    page = browser(agent).post(cancel, follow=True).content.decode()
    assert "under way or gone" in page


def test_mail_that_waits_needs_no_more_queries(browser, agent, ticket):
    counts, client = [], browser(agent)
    for _ in range(3):
        conversation.reply(ticket, by=agent, body="Look here.")
        OutboundEmail.objects.filter(state="queued").update(state="failed", last_error="550 no")
        conversation.reply(ticket, by=agent, body="And here.")
        counts.append((queries(client, reverse("staff:mail_outgoing")), queries(client, page_of(ticket))))
    assert len(set(counts)) == 1
    assert counts[0][0] <= 10


def test_admins_hear_of_a_relay_in_trouble(browser, agent):
    health.failed("settings", "535 Who are you?", is_refusal=True)
    url = reverse("staff:mail_outgoing")
    assert "535 Who are you?" in browser(people.admin()).get(url).content.decode()
    assert "535 Who are you?" not in browser(agent).get(url).content.decode()


def test_a_reply_can_be_taken_back(browser, agent, home, undo_window, ticket):
    client, url = browser(agent), reverse("staff:reply", args=[ticket.number])
    client.post(url, {"reply-body": "Look <here>.", "reply-nonce": str(uuid.uuid4())})
    undo = reverse("staff:undo", args=[ticket.number, ticket.messages.get(kind="reply").pk])
    page = client.get(page_of(ticket)).content.decode()
    assert undo in page
    assert "Leaves in a few seconds." in page
    assert undo not in browser(people.agent(home)).get(page_of(ticket)).content.decode()
    page = client.post(undo, follow=True).content.decode()
    assert "Taken back." in page
    assert ">Look &lt;here&gt;.</textarea>" in page
    assert not ticket.messages.filter(kind="reply").exists()
    assert ">Look &lt;here&gt;.</textarea>" in client.post(undo, follow=True).content.decode(), "pressed twice"
    assert TicketEvent.objects.filter(kind="reply_undone").count() == 1


def test_when_it_has_left_it_says_so(browser, agent, undo_window, ticket):
    conversation.reply(ticket, by=agent, body="Look here.")
    OutboundEmail.objects.update(next_attempt_at=timezone.now())
    undo = reverse("staff:undo", args=[ticket.number, ticket.messages.get(kind="reply").pk])
    answer = browser(agent).post(undo)
    assert answer.status_code == 409
    assert "has left already" in answer.content.decode()
    assert undo not in browser(agent).get(page_of(ticket)).content.decode()


@pytest.mark.parametrize(("kind", "words"), [("signed", "signed (not verified)"), ("encrypted", "encrypted")])
def test_a_mail_that_is_signed_or_encrypted_says_so(browser, agent, home, kind, words):
    ticket = factories.ticket(department=home, source="email", origin={"security": kind})
    assert words in browser(agent).get(page_of(ticket)).content.decode()


def test_the_original_of_a_mail_is_framed_and_tame(browser, agent, outsider, home):
    html = '<p onclick="x()">Hi</p><script>alert(1)</script>'
    ticket = factories.ticket(department=home, source="email", html=html)
    url = reverse("staff:message_html", args=[ticket.messages.get().pk])
    assert url in browser(agent).get(page_of(ticket)).content.decode()
    response = browser(agent).get(url)
    assert "<p>Hi</p>" in response.content.decode()
    assert "alert" not in response.content.decode()
    assert "sandbox" in response["Content-Security-Policy"]
    assert "script-src" not in response["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in response["Content-Security-Policy"]
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert browser(outsider).get(url).status_code == 404


def test_images_from_elsewhere_wait_for_a_click(browser, agent, home):
    html = '<p>Hi</p><img src="https://t.example/a.png?x=1&amp;y=2" alt="Logo">'
    ticket = factories.ticket(department=home, source="email", html=html)
    url = reverse("staff:message_html", args=[ticket.messages.get().pk])
    quiet = browser(agent).get(url)
    assert ' src="https' not in quiet.content.decode()
    assert '<a href="?images=1">Load images</a>' in quiet.content.decode()
    assert "img-src data:;" in quiet["Content-Security-Policy"]
    asked = browser(agent).get(url + "?images=1")
    assert 'src="https://t.example/a.png?x=1&amp;y=2"' in asked.content.decode()
    assert "Load images" not in asked.content.decode()
    assert "img-src data: https: http:;" in asked["Content-Security-Policy"]
    assert asked["Referrer-Policy"] == "same-origin"  # nothing of ours is told elsewhere


def test_headers_and_source_of_a_mail_are_a_link_away(browser, agent, home):
    box = factories.mailbox(home, address="help@desk.example")
    ticket = post.arrive(post.raw(to=box.address, subject="Lamp"), box.address).ticket
    url = reverse("staff:mail_arrived", args=[ticket.messages.get().inbound_email.pk])
    assert url in browser(agent).get(page_of(ticket)).content.decode()
    assert "Subject" in browser(agent).get(url).content.decode()
    assert url not in browser(agent).get(page_of(factories.ticket(department=home))).content.decode()


def test_opens_a_ticket_for_a_caller(browser, agent, home):
    values = {"email": "Caller@Customers.example", "name": "Carla", "source": "phone", "subject": "No dial tone",
              "body": "The line is dead.", "department": home.pk, "priority": 3}  # fmt: skip
    response = browser(agent).post(reverse("staff:ticket_new"), values)
    ticket = Ticket.objects.get()
    assert response["Location"] == page_of(ticket)
    assert (ticket.source, ticket.priority, ticket.requester.email) == ("phone", 3, "caller@customers.example")


def test_what_is_missing_is_said_and_nothing_is_lost(browser, agent):
    response = browser(agent).post(reverse("staff:ticket_new"), {"subject": "No dial tone", "email": "nobody"})
    page = response.content.decode()
    assert response.status_code == 400
    assert 'value="No dial tone"' in page
    assert "field__errors" in page
    assert not Ticket.objects.exists()


def test_only_who_may_create_opens_tickets_for_others(browser, reader):
    assert browser(reader).get(reverse("staff:ticket_new")).status_code == 403
    limited = people.agent(factories.department(), can=[Permission.VIEW, Permission.REPLY])
    assert browser(limited).post(reverse("staff:ticket_new")).status_code == 403


def test_the_mail_log_shows_trouble_to_those_concerned(browser, agent, outsider, ticket):
    conversation.reply(ticket, by=agent, body="Hello.")
    OutboundEmail.objects.update(state="failed", last_error="550 no such user")
    mail = OutboundEmail.objects.first()
    InboundEmail.objects.create(
        source="smtp", raw_sha256="0" * 64, raw_size=1, delivery_key="k", sender="odd@x.example", state="suspended",
        reason="loop",
    )  # fmt: skip
    page = browser(agent).get(reverse("staff:mail_outgoing")).content.decode()
    assert "550 no such user" in page
    assert "odd@x.example" not in browser(agent).get(reverse("staff:mail")).content.decode()
    assert "550 no such user" not in browser(outsider).get(reverse("staff:mail_outgoing")).content.decode()
    assert "odd@x.example" in browser(people.admin()).get(reverse("staff:mail")).content.decode()
    again = reverse("staff:mail_resend", args=[mail.pk])
    assert browser(outsider).post(again).status_code == 404
    assert browser(agent).post(again).status_code == 302
    mail.refresh_from_db()
    assert mail.state == "retry"


def test_only_admins_release_mail(browser, agent):
    mail = InboundEmail.objects.create(
        source="smtp", raw_sha256="0" * 64, raw_size=1, delivery_key="k", state="suspended", reason="loop"
    )
    assert browser(agent).post(reverse("staff:mail_retry", args=[mail.pk])).status_code == 403
