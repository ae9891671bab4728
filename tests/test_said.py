"""Sentences that the desk keeps are read in the reader's language, whoever caused them."""

from __future__ import annotations

import email.policy
import json
from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from tests import factories, people
from tests.automation.making import trigger
from tests.mail import post
from tickets import outbox, said
from tickets.actions import drafts, merging, snoozing, triage, undoing
from tickets.actions.conversation import receive
from tickets.actions.drafts import Written
from tickets.automation import running, sweeping
from tickets.events import record, sentence
from tickets.explanation import explain
from tickets.mail import automatic, letters
from tickets.models import SYSTEM, Mailbox, OutboundEmail, Rule, RuleCheck, SlaPause, Ticket, TicketEvent
from tickets.states import Priority


def read(text: str) -> dict[str, str]:
    shown = {}
    for code in ("en", "de", "fr"):
        with override(code):
            shown[code] = said.told(text)
    return shown


@pytest.mark.parametrize("cause", ["en", "de", "ar"])
def test_the_reader_decides_the_language(cause):
    with override(cause):
        kept = said.keep(_("The %(what)s it names is gone or switched off."), what=_("team"))
    assert json.loads(kept)["with"] == {"what": {"says": "team"}}
    assert read(kept) == {
        "en": "The team it names is gone or switched off.",
        "de": "Genannt, aber nicht mehr vorhanden oder ausgeschaltet: Team.",
        "fr": "Un élément qu’elle désigne n’existe plus ou est désactivé\u202f: équipe.",
    }


@pytest.mark.parametrize(
    "text", ["", "Zusammengeführt mit #1", '{"says":', '{"says": 4, "with": 1}', '{"says": "%(a)s", "with": {"b": 1}}']
)
def test_what_was_written_down_before_stays_as_it_is(text):
    assert set(read(text).values()) == {text}


def test_names_within_are_never_read_as_sentences():
    name = '{"says": "Snoozed"} %(count)d'
    assert read(said.keep(_("department %(name)s"), name=name[1:]))["en"] == "department " + name[1:]


def mail(row: OutboundEmail) -> str:
    return post.text(email.message_from_bytes(letters.render(row), policy=email.policy.default))


@pytest.mark.django_db
class TestKept:
    def events(self, ticket: Ticket, kind: str) -> dict[str, str]:
        event = TicketEvent.objects.filter(ticket=ticket, kind=kind).latest("pk")
        shown = {}
        for code in ("en", "de"):
            with override(code):
                shown[code] = sentence(event)
        return shown

    def paused(self, ticket: Ticket) -> dict[str, str]:
        shown = {}
        for code in ("en", "de"):
            with override(code):
                told = explain(ticket)
                shown[code] = next(s.text for t in told.targets for s in t.laid.steps if s.kind == "paused")
        return shown

    @pytest.fixture
    def home(self):
        return factories.department(sla_policy=factories.sla_policy(pauses_on_snooze=True))

    def test_a_snoozed_clock(self, home):
        agent, ticket = people.agent(home, name="Ada"), factories.ticket(department=home)
        with override("fr"):
            snoozing.snooze(ticket, by=agent, until=timezone.now() + timedelta(hours=1))
        row = Ticket.objects.get()
        assert self.paused(row) == {"en": "Paused: Snoozed, by Ada", "de": "Angehalten: Zurückgestellt, von Ada"}
        SlaPause.objects.update(reason="En pause")
        assert self.paused(row) == {"en": "Paused: En pause, by Ada", "de": "Angehalten: En pause, von Ada"}

    def test_a_merged_ticket(self, home):
        agent, ticket, other = people.agent(home), factories.ticket(department=home), factories.ticket(department=home)
        with override("de"):
            merging.merge(other, by=agent, sources=[ticket])
        assert read(SlaPause.objects.get(ticket=ticket).reason) == {
            "en": f"Merged into #{other.number}",
            "de": f"In #{other.number} zusammengeführt",
            "fr": f"Fusionné dans #{other.number}",
        }

    def test_rules_that_were_stopped(self, home, monkeypatch):
        people.admin(language="de")
        monkeypatch.setattr(running, "MOST_IN_AN_HOUR", 0)
        trigger("All", {}, {"do": "add_tags", "tags": ["one"]})
        with override("fr"):
            ticket = factories.ticket(department=home)
            running.on_event(TicketEvent.objects.get(ticket=ticket, kind="opened"))
        told = self.events(ticket, "rules_stopped")
        assert told["en"] == "Rules were stopped on this ticket: more than 0 runs in an hour"
        assert told["de"] == "Bei diesem Ticket wurden Regeln gestoppt: mehr als 0 Ausführungen in einer Stunde"
        assert read(RuleCheck.objects.get().note)["de"] == "mehr als 0 Ausführungen in einer Stunde"
        assert "mehr als 0 Ausführungen in einer Stunde" in mail(OutboundEmail.objects.get(kind="rules_stopped"))
        old = record(ticket, "rules_stopped", by=SYSTEM, reason="plus de 60 exécutions")
        assert sentence(old) == "Rules were stopped on this ticket: plus de 60 exécutions"

    def test_a_rule_that_was_switched_off(self):
        team = people.team()
        made = trigger("Give", {}, {"do": "hand_to_team", "team": team.pk})
        team.delete()
        with override("de"):
            sweeping.switch_off_broken()
        assert read(Rule.objects.get(pk=made.pk).disabled_reason)["en"] == "The team it names is gone or switched off."

    def test_a_paused_mailbox(self):
        box = factories.mailbox(factories.department(), automatic_limit=3)
        with override("de"):
            automatic.pause(box, said.keep(_("%(count)s mails in 10 minutes"), count=3))
        assert read(Mailbox.objects.get(pk=box.pk).automatic_pause_reason)["en"] == "3 mails in 10 minutes"

    def test_a_reply_that_was_held(self, home):
        agent, ticket = people.agent(home, name="Ada"), factories.ticket(department=home)
        drafts.schedule(ticket, by=agent, written=Written("Hm?"), send_at=timezone.now() + timedelta(hours=1))
        with override("de"):
            receive(ticket, by=ticket.requester, body="Solved.", source="web")
        assert self.events(ticket, "schedule_held")["en"].endswith("The customer has written meanwhile.")

    def test_what_was_taken_back(self, home):
        agent, ticket = people.agent(home, name="Ada"), factories.ticket(department=home)
        with override("de"):
            triage.set_priority(ticket, by=agent, priority=Priority.HIGH)
            undoing.undo(ticket.events.latest("pk"), by=agent)
        assert self.events(ticket, "undone") == {
            "en": "Ada took back: Ada changed the priority from Normal to High",
            "de": "Ada hat zurückgenommen: Ada hat die Priorität von Normal auf Hoch geändert",
        }

    def test_the_mail_of_a_deadline(self, home):
        agent, ticket = people.agent(home, language="de"), factories.ticket(department=home)
        event = record(ticket, "sla_breach", by=SYSTEM, target="First response")
        outbox.enqueue("sla_breach", ticket, agent, event=event)
        assert "Erste Antwort ist überfällig." in mail(OutboundEmail.objects.get(kind="sla_breach"))
