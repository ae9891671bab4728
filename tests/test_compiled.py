"""Compiled queries and direct writes give what Django's own give."""

import datetime

import pytest
from django.db import IntegrityError
from django.db.models.functions import Upper
from django.utils import timezone

from tests import factories, people
from tickets import saving
from tickets.compiled import AnyOf, Change, Compiled
from tickets.models import Organization, Ticket, TicketEvent, User

pytestmark = pytest.mark.django_db


def fields(row):
    return {name: value for name, value in vars(row).items() if name != "_state"}


def test_rows_are_those_of_the_query_with_what_is_related():
    ticket = factories.ticket()
    related = ("department__mailbox", "requester", "status")
    compiled = Compiled(lambda pk: Ticket.objects.select_related(*related).filter(pk=pk))
    for _again in range(2):
        found, expected = compiled.get(ticket.pk), Ticket.objects.select_related(*related).get(pk=ticket.pk)
        assert fields(found) == fields(expected)
        assert fields(found.department) == fields(expected.department)
        assert found._state.fields_cache.keys() == expected._state.fields_cache.keys()
        assert found.get_deferred_fields() == expected.get_deferred_fields() == {"search"}


def test_tuples_order_and_nothing_found():
    people.customer()
    people.customer()
    newest = Compiled(lambda low: User.objects.filter(pk__gt=low).order_by("-pk").values_list("pk", "email"))
    assert newest.all(0) == list(User.objects.order_by("-pk").values_list("pk", "email"))
    assert newest.first(10**9) is None
    with pytest.raises(User.DoesNotExist):
        newest.get(10**9)


def test_annotations_and_lists_of_keys():
    first, second, other = factories.ticket(), factories.ticket(), factories.ticket()
    labelled = Compiled(lambda keys: Ticket.objects.filter(AnyOf("pk", keys)).annotate(loud=Upper("subject")))
    found = labelled.all([first.pk, second.pk])
    assert {row.pk: row.loud for row in found} == {row.pk: row.subject.upper() for row in (first, second)}
    assert labelled.all([]) == []
    assert labelled.get([other.pk]).subject == other.subject


def test_hostile_values_are_values():
    text = "' OR 1=1; -- %s"
    assert Compiled(lambda email: User.objects.filter(email=email)).all(text) == []


def test_a_change_counts_what_it_changed():
    event = factories.ticket().events.first()
    change = Change(lambda pk, at: (TicketEvent.objects.filter(pk=pk), {"handled_at": at, "attempts": 7}))
    now = timezone.now()
    assert (change(event.pk, now), change(0, now)) == (1, 0)
    event.refresh_from_db()
    assert (event.handled_at, event.attempts) == (now, 7)
    assert TicketEvent.objects.filter(attempts=7).count() == 1


def test_a_saved_row_is_the_row():
    row = Organization(name="Acme", domains=["acme.example"], notes="' % \\")
    saving.insert(row)
    assert not row._state.adding
    assert fields(Organization.objects.get(pk=row.pk)) == fields(row)
    row.domains, row.notes = ["a.example", "b.example"], "not written"
    saving.update(row, "domains")
    known = Organization.objects.get(pk=row.pk)
    assert (known.domains, known.notes) == (["a.example", "b.example"], "' % \\")


def test_json_and_moments_arrive():
    event = factories.ticket().events.first()
    event.data, event.handled_at = {"a": ["ü", None, 1]}, timezone.now() + datetime.timedelta(days=1)
    saving.update(event, "data", "handled_at")
    known = TicketEvent.objects.get(pk=event.pk)
    assert (known.data, known.handled_at) == (event.data, event.handled_at)


def test_a_taken_key_is_no_error_where_asked_so():
    assert saving.inserted(Organization(name="Acme"))
    second = Organization(name="Acme")
    assert not saving.inserted(second)
    assert second.pk is None
    with pytest.raises(IntegrityError):
        saving.insert(second)
