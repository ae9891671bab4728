"""The account's own pages: profile, a copy of one's data, being forgotten; passkeys and apps as far as no browser is
needed."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.apps import apps
from django.test import Client
from django.utils import timezone

from tests import factories, people
from tests.portal.test_accounts import login, mailed_text
from tickets import blobs, notifications
from tickets.actions import conversation, data_exports, erasing, lifecycle
from tickets.actions.writing import Upload
from tickets.models import DataExport, ErasureRequest, MailWording, OutboundEmail, TicketEvent, User
from tickets.refusals import Invalid, NotAllowed
from tickets.secrets import seal

HOME, DATA = "/accounts/", "/accounts/data/"
PROFILE = {"name": "Grace Okafor", "language": "en", "time_zone": "Europe/Lisbon", "wanted_mail": ["closed"]}


@pytest.fixture
def proved(signed_in: Client) -> Client:
    signed_in.post("/accounts/reauthenticate/", {"password": people.PASSWORD})
    return signed_in


class TestProfile:
    def test_is_kept_and_seen_in_lists(self, signed_in: Client, customer: User, ticket: Any) -> None:
        assert signed_in.post(HOME, PROFILE).status_code == 302
        customer.refresh_from_db()
        assert (customer.name, customer.time_zone) == ("Grace Okafor", "Europe/Lisbon")
        assert customer.declined_mail == ["auto_response", "confirmation"]
        ticket = type(ticket).objects.get(pk=ticket.pk)
        assert ticket.requester_name == "Grace Okafor"

    @pytest.mark.parametrize("wrong", [{"name": " "}, {"time_zone": "Mars/Base"}, {"wanted_mail": ["spam"]}])
    def test_nonsense_is_refused_and_nothing_typed_is_lost(self, signed_in: Client, wrong: dict) -> None:
        answer = signed_in.post(HOME, {**PROFILE, "name": "Grace & Co", **wrong})
        assert answer.status_code == 422
        assert "Grace &amp; Co" in answer.content.decode() or wrong.get("name")

    def test_privileges_cannot_be_typed_in(self, signed_in: Client, customer: User) -> None:
        signed_in.post(HOME, {**PROFILE, "is_superuser": "1", "is_agent": "1", "email": "new@x.example"})
        fresh = User.objects.get(pk=customer.pk)
        assert (fresh.is_superuser, fresh.is_agent, fresh.email) == (False, False, customer.email)

    def test_agents_choose_their_mail_in_the_workspace(self, client: Client, agent: User) -> None:
        client.force_login(agent)
        assert "wanted_mail" not in client.get(HOME).content.decode()
        assert client.post(HOME, {**PROFILE, "wanted_mail": []}).status_code == 302
        assert User.objects.get(pk=agent.pk).declined_mail == []


@pytest.mark.parametrize("declined", [[], ["auto_response", "confirmation", "closed"]])
def test_automatic_mail_comes_as_it_is_wanted(customer: User, agent: User, department: Any, declined: list) -> None:
    User.objects.filter(pk=customer.pk).update(declined_mail=declined)
    ticket = factories.ticket(User.objects.get(pk=customer.pk), department)
    conversation.reply(ticket, by=agent, body="Have you tried it again?")
    lifecycle.resolve(ticket, by=agent)
    notifications.sweep()
    for event in TicketEvent.objects.unhandled():
        notifications.handle(event.pk)
    lifecycle.close(ticket, by=agent)
    for event in TicketEvent.objects.unhandled():
        notifications.handle(event.pk)
    kinds = set(OutboundEmail.objects.filter(user=customer).values_list("kind", flat=True))
    assert kinds == ({"reply"} if declined else {"reply", "auto_response", "confirmation", "closed"})


class TestCopy:
    def made(self, client: Client, customer: User) -> zipfile.ZipFile:
        client.post(f"{DATA}copy/")
        data_exports.make(customer.data_exports.get().pk)
        answer = client.get(f"{DATA}{customer.data_exports.get().key}/")
        assert answer["Content-Type"] == "application/zip"
        return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))

    def test_holds_what_the_person_may_read_and_nothing_else(
        self, proved: Client, customer: User, agent: User, department: Any
    ) -> None:
        file = Upload("../../note <1>.txt", b"words", "text/plain")
        ticket = factories.ticket(customer, department, subject="Mine", attachments=[file])
        conversation.note(ticket, by=agent, body="CANARY-NOTE")
        conversation.reply(ticket, by=agent, body="Try again")
        shared = factories.ticket(people.customer(), department, subject="Shared")
        shared.followers.create(user=customer)
        factories.ticket(people.customer(), department, subject="CANARY-OTHER")
        archive = self.made(proved, customer)
        everything = "".join(archive.read(name).decode() for name in archive.namelist())
        assert "CANARY" not in everything
        mine = json.loads(archive.read(f"tickets/{ticket.number}.json"))
        assert [one["text"] for one in mine["messages"]] == ["It burns. Please come.", "Try again"]
        assert (mine["is_yours"], mine["subject"]) == (True, "Mine")
        assert f"tickets/{shared.number}.json" in archive.namelist()
        [stored] = [name for name in archive.namelist() if name.startswith("files/")]
        assert ".." not in stored
        assert archive.read(stored) == b"words"
        assert json.loads(archive.read("profile.json"))["addresses"] == [customer.email]
        assert DATA in mailed_text(customer.email)

    def test_is_nobody_else_s(self, proved: Client, customer: User) -> None:
        self.made(proved, customer)
        address = f"{DATA}{customer.data_exports.get().key}/"
        assert Client().get(address).status_code == 302
        other = Client()
        other.force_login(people.customer())
        assert other.get(address).status_code == 404

    def test_is_gone_after_a_week(self, proved: Client, customer: User) -> None:
        self.made(proved, customer)
        row = customer.data_exports.get()
        DataExport.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert proved.get(f"{DATA}{row.key}/").status_code == 404
        data_exports.sweep()
        assert DataExport.objects.get().state == DataExport.State.GONE
        with pytest.raises(FileNotFoundError):
            blobs.read(row.sha256)

    def test_needs_the_password_and_is_limited(self, signed_in: Client, customer: User) -> None:
        assert "/reauthenticate/" in signed_in.post(f"{DATA}copy/")["Location"]
        signed_in.post("/accounts/reauthenticate/", {"password": people.PASSWORD})
        for _time in range(4):
            signed_in.post(f"{DATA}copy/")
            for row in customer.data_exports.filter(state=DataExport.State.WAITING):
                data_exports.make(row.pk)
        assert customer.data_exports.count() == 2

    def test_a_lost_nudge_and_a_broken_worker_are_made_good(self, customer: User, monkeypatch: Any) -> None:
        row = data_exports.ask(by=customer)
        DataExport.objects.update(next_attempt_at=timezone.now() - timedelta(minutes=1))
        with monkeypatch.context() as broken:
            broken.setattr(data_exports, "_write", lambda file, person: 1 / 0)
            data_exports.sweep()
        assert DataExport.objects.get().state == DataExport.State.WAITING
        DataExport.objects.update(next_attempt_at=timezone.now() - timedelta(minutes=1))
        data_exports.sweep()
        assert DataExport.objects.get(pk=row.pk).state == DataExport.State.READY


class TestBeingForgotten:
    def test_is_asked_for_once_and_can_be_taken_back(self, proved: Client, customer: User, desk: Any) -> None:
        admin = people.admin()
        for _time in range(2):
            proved.post(f"{DATA}forget/", {"reason": "I move away"})
        assert ErasureRequest.objects.get().reason == "I move away"
        assert OutboundEmail.objects.filter(user=admin).count() == 1
        proved.post(f"{DATA}forget/", {"withdraw": "1"})
        assert ErasureRequest.objects.get().state == ErasureRequest.State.WITHDRAWN

    def test_needs_the_password(self, signed_in: Client) -> None:
        assert "/reauthenticate/" in signed_in.post(f"{DATA}forget/")["Location"]
        assert not ErasureRequest.objects.exists()

    def test_leaves_a_number_and_the_record_of_the_work(self, customer: User, agent: User, department: Any) -> None:
        customer.phone = "+1 555 0199"
        customer.save()
        ticket = factories.ticket(customer, department)
        conversation.reply(ticket, by=agent, body="Come again?")
        conversation.receive(ticket, by=customer, body="As I said.", source="web")
        other = factories.ticket(people.customer(), department)
        other.followers.create(user=customer)
        before = ticket.events.count()
        row = erasing.ask(by=customer)
        erasing.carry_out(row, by=people.admin())
        customer.refresh_from_db()
        assert (customer.is_active, customer.phone, customer.name) == (False, "", f"Erased person {customer.pk}")
        fresh = type(ticket).objects.get(pk=ticket.pk)
        assert fresh.requester_name == customer.name
        assert fresh.messages.filter(body="As I said.").get().author_name == customer.name
        assert fresh.events.count() == before + 1
        assert not other.followers.exists()
        assert ErasureRequest.objects.get().state == ErasureRequest.State.DONE

    def test_abuse_66_no_table_knows_name_or_address_any_more(
        self, customer: User, agent: User, department: Any
    ) -> None:

        name, address = "Zephyrine Quillfeather", "zephyrine@quill.example"
        User.objects.filter(pk=customer.pk).update(name=name, email=address)
        customer.emailaddress_set.update(email=address)
        person = User.objects.get(pk=customer.pk)
        ticket = factories.ticket(person, department)
        conversation.reply(ticket, by=agent, body="Come again?")
        ticket.followers.create(user=people.customer())
        for event in TicketEvent.objects.unhandled():
            notifications.handle(event.pk)
        erasing.erase(person, by=people.admin())
        found = [
            f"{model.__name__}.{field.name}"
            for model in apps.get_models()
            for row in model._base_manager.all()
            for field in model._meta.concrete_fields
            if name in str(getattr(row, field.attname)) or address in str(getattr(row, field.attname))
        ]
        assert found == []

    def test_is_for_admins_to_decide_and_never_for_agents_themselves(self, customer: User, agent: User) -> None:
        row = erasing.ask(by=customer)
        with pytest.raises(NotAllowed):
            erasing.carry_out(row, by=agent)
        with pytest.raises(Invalid):
            erasing.ask(by=agent)
        with pytest.raises(Invalid):
            erasing.erase(agent, by=people.admin())

    def test_in_the_admin(self, client: Client, customer: User) -> None:
        client.force_login(people.admin())
        row = erasing.ask(by=customer)
        page = f"/admin/tickets/erasurerequest/{row.pk}/change/"
        assert client.post(page, {"decision": "erase"}).status_code == 200  # not sure
        assert client.post(page, {"decision": "refuse", "answer": ""}).status_code == 200
        assert ErasureRequest.objects.get().state == ErasureRequest.State.WAITING
        MailWording.objects.create(kind="not_erased", language="en", subject="No", body="Not yet: {{ mail.reason }}")
        client.post(page, {"decision": "refuse", "answer": "Your last invoice is open."})
        assert ErasureRequest.objects.get().state == ErasureRequest.State.REFUSED
        assert "Not yet: Your last invoice is open." in mailed_text(customer.email)
        row = erasing.ask(by=customer)
        client.post(f"/admin/tickets/erasurerequest/{row.pk}/change/", {"decision": "erase", "sure": "on"})
        assert not User.objects.get(pk=customer.pk).is_active
        assert client.get("/admin/tickets/erasurerequest/").status_code == 200
        assert client.get(f"/admin/tickets/erasurerequest/{row.pk}/change/").status_code == 200


class TestSecondFactor:
    def test_adding_one_needs_the_password_first(self, signed_in: Client) -> None:
        for page in ("webauthn/add", "totp/activate"):
            assert "/reauthenticate/" in signed_in.get(f"/accounts/mfa/{page}/")["Location"]

    def test_the_app_is_set_up_asked_for_and_switched_off(
        self, proved: Client, customer: User, django_capture_on_commit_callbacks: Any
    ) -> None:
        proved.get("/accounts/mfa/totp/activate/")
        secret = proved.session["mfa.totp.secret"]

        def code() -> str:
            return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))

        with django_capture_on_commit_callbacks(execute=True):
            done = proved.post("/accounts/mfa/totp/activate/", {"code": code()})
        assert done["Location"] == "/accounts/mfa/recovery-codes/"
        assert secret not in str(Authenticator.objects.get(type="totp").data)  # sealed
        codes = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
        assert codes[0] in proved.get("/accounts/mfa/recovery-codes/").content.decode()
        assert "authenticator app was set up" in mailed_text(customer.email)
        browser = Client()
        assert login(browser, customer.email)["Location"] == "/accounts/mfa/authenticate/"
        assert "_auth_user_id" not in browser.session
        assert browser.post("/accounts/mfa/authenticate/", {"code": codes[0]})["Location"] == "/after-login/"
        assert browser.session["_auth_user_id"] == str(customer.pk)
        MailWording.objects.create(
            kind="sign_in", language="en", subject="Canary", body="{{ mail.change }} for {{ mail.address }}. Call 123."
        )
        with django_capture_on_commit_callbacks(execute=True):
            proved.post("/accounts/mfa/totp/deactivate/", {})
        assert not Authenticator.objects.exists()
        assert f"Your authenticator app was switched off for {customer.email}. Call 123." in mailed_text(customer.email)

    def test_six_digits_cannot_be_guessed(self, proved: Client, customer: User) -> None:
        Authenticator.objects.create(user=customer, type="totp", data={"secret": seal("JBSWY3DPEHPK3PXP")})
        browser = Client()
        login(browser, customer.email)
        pages = [browser.post("/accounts/mfa/authenticate/", {"code": "000000"}) for _try in range(7)]
        assert b"Too many tries" in pages[-1].content
