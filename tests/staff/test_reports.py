from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import factories, people
from tickets import articles
from tickets.actions import rating
from tickets.models import Department, KnowledgeUse, User

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]


def test_says_what_customers_thought_and_what_articles_answered(
    browser: Browser, agent: User, home: Department
) -> None:
    ticket = factories.ticket_in("closed", agent, department=home)
    rating.rate(ticket, by=ticket.requester, score=5)
    article = factories.article("Reset a <b>password</b>")
    articles.count_use(KnowledgeUse.Kind.VIEW, article=article.pk)
    articles.count_use(KnowledgeUse.Kind.DEFLECTED, article=article.pk)
    articles.count_use(KnowledgeUse.Kind.EMPTY, words="<script>wlan</script>")
    page = browser(agent).get("/staff/reports/?days=7").content.decode()
    assert "100 %" in page
    assert "Ana Moreira" in page
    assert "Reset a &lt;b&gt;password&lt;/b&gt;" in page
    assert "&lt;script&gt;wlan" in page


def test_the_figures_come_as_a_file_too(browser: Browser, agent: User, home: Department) -> None:
    ticket = factories.ticket_in("closed", agent, department=home)
    rating.rate(ticket, by=ticket.requester, score=5)
    articles.count_use(KnowledgeUse.Kind.EMPTY, words="=1+1")
    assert "/staff/reports/export.csv?days=7" in browser(agent).get("/staff/reports/?days=7").content.decode()
    text = browser(agent).get("/staff/reports/export.csv?days=7").content.decode()
    assert f'"By department","{home.name}","Satisfied","1"' in text
    assert '"Searched for in vain","\'=1+1","Times","1"' in text


def test_without_anything_it_says_so(browser: Browser, agent: User) -> None:
    page = browser(agent).get("/staff/reports/?days=none").content.decode()
    assert "Nobody has rated a ticket in these days." in page
    assert "Every search found something." in page


def test_who_views_no_department_has_no_figures(browser: Browser) -> None:
    client = browser(people.agent())
    assert client.get("/staff/reports/").status_code == 403
    assert "/staff/reports/" not in client.get("/staff/", follow=True).content.decode()


def test_of_other_departments_nothing(browser: Browser, agent: User, outsider: User, home: Department) -> None:
    ticket = factories.ticket_in("closed", agent, department=home)
    rating.rate(ticket, by=ticket.requester, score=1)
    assert "Nobody has rated a ticket" in browser(outsider).get("/staff/reports/").content.decode()


def test_it_costs_the_same(browser: Browser, agent: User, home: Department) -> None:
    client, costs = browser(agent), []
    for count in (1, 2):
        for _one in range(count):
            ticket = factories.ticket_in("closed", agent, department=home)
            rating.rate(ticket, by=ticket.requester, score=4)
            articles.count_use(KnowledgeUse.Kind.VIEW, article=factories.article().pk)
        client.get("/staff/reports/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/staff/reports/")
        costs.append(len(queries))
    assert costs[0] == costs[1]
