"""Every address as everybody: the table of tests/url_roles.py is what happens, and nothing is missing from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from tests import world as worlds
from tests.url_roles import API_BODIES, API_GET, API_POST, FORMS, GET, POST, READY, STATES
from tickets import signing
from tickets.models import Desk

pytestmark = pytest.mark.django_db
PAGES = re.compile(r"admin:tickets_\w+_(changelist|add|change|delete|history)$")
MODEL_PAGES = {"changelist", "add", "change", "delete", "history"}
ARRIVED = ("arrived", "raw", "retry", "release", "block")  # what is done to a mail that came
ARTICLES = {f"portal:kb_{what}" for what in ("article", "feedback", "solved")} | {"api:article", "staff:article_detach"}
PATCHED = {"api:ticket", "api:view"}
NAMELESS = {True: "admin:row", False: "admin:none"}  # below a model; whatever else begins with admin/


def walk(resolver: Any = None, prefix: str = "", space: str = "") -> Iterator[tuple[str, str]]:
    """(name, pattern) of every address; those of the admin's models by what they do."""
    for one in (resolver or get_resolver()).url_patterns:
        where = prefix + str(one.pattern)
        if isinstance(one, URLPattern):
            name = f"{space}{one.name}" if one.name else NAMELESS[where.count("/") > 2]
            yield PAGES.sub(r"admin:\1", name), where
        else:
            yield from walk(one, where, space + (f"{one.namespace}:" if one.namespace else ""))


ADDRESSES = dict(walk())
# Decided without a token against forgery: whoever comes there carries a proof in the address or in a header, or is a
# guest whatever the browser says (embedded forms).
EXEMPT = {"portal:unsubscribe", "portal:embed", "portal:embed_upload", "mail_hook", "mail_hook_mime"}
WEB = [name for name in ADDRESSES if not name.startswith("api:")]
API = [name for name in ADDRESSES if name.startswith("api:")]


def test_the_table_has_every_address_and_no_other() -> None:
    assert set(GET) == set(POST) == set(WEB)
    assert set(API_GET) == set(API_POST) == set(API)
    assert set(FORMS) | set(STATES) | set(API_BODIES) | set(READY) <= set(ADDRESSES)


@pytest.mark.parametrize(("columns", "table"), [(worlds.PEOPLE, GET | POST), (worlds.TOKENS, API_GET | API_POST)])
def test_every_row_has_every_column(columns: Any, table: dict[str, str]) -> None:
    assert {name: len(row.split()) for name, row in table.items()} == dict.fromkeys(table, len(columns))


def test_no_other_form_can_be_sent_from_elsewhere() -> None:
    exempt = {name for name, view in views() if getattr(view, "csrf_exempt", False) and not name.startswith("api:")}
    assert exempt == EXEMPT


def views(resolver: Any = None, space: str = "") -> Iterator[tuple[str, Any]]:
    for one in (resolver or get_resolver()).url_patterns:
        if isinstance(one, URLPattern):
            yield f"{space}{one.name}", one.callback
        else:
            yield from views(one, space + (f"{one.namespace}:" if one.namespace else ""))


@pytest.fixture
def world(request: Any) -> worlds.World:
    cache.clear()
    Desk.current()
    return worlds.build(**STATES.get(request.node.callspec.params["name"], {}))


def path_of(name: str, world: worlds.World) -> str:
    if name in READY:
        return READY[name]
    page = name.removeprefix("admin:")
    if page in MODEL_PAGES:
        return reverse(f"admin:tickets_ticket_{page}", args=[] if page in {"changelist", "add"} else [world.ticket.pk])
    wanted = re.findall(r"<(?:\w+:)?(\w+)>", ADDRESSES[name])
    return reverse(name, kwargs={key: named(name, key, world) for key in wanted})


def named(name: str, key: str, world: worlds.World) -> Any:
    if name == "portal:unsubscribe":
        return signing.unsubscribe_token(signing.key(), world.ticket.pk, world.ticket.requester_id)
    if key == "slug" and name.startswith(("staff:view_", "api:view")):
        return world.view.slug
    if key == "pk":
        mails = dict.fromkeys(("staff:mail_resend", "staff:mail_cancel"), world.outbound)
        mails |= dict.fromkeys((f"staff:mail_{what}" for what in ARRIVED), world.inbound)
        mails |= {"staff:mail_unblock": world.blocked, "staff:proposed": world.proposed}
        mails |= {"portal:proposed": world.proposed, "api:proposed_one": world.proposed}
        if name in {"staff:macro", "api:macro"}:
            return world.macro.pk
        if name.startswith("staff:bulk_"):
            return world.bulk.pk
        if name.startswith(("staff:rule", "api:rule")):
            return world.rule.pk
        mails |= {"staff:canned_folder": world.canned.folder}
        mails |= dict.fromkeys(("staff:canned_one", "staff:canned_delete"), world.canned)
        mails |= dict.fromkeys((f"staff:article{what}" for what in ("", "_place", "_delete", "_detach")), world.article)
        mails |= {"staff:article_version": world.article.texts.get().versions.get()}
        return world.made(name) or mails.get(name, world.message).pk
    if name in {"portal:kb_file"} | ARTICLES:
        return _of_the_article(key, world)
    if name == "portal:kb_category":
        return world.article.category.slug
    return world.names[key]


def _of_the_article(key: str, world: worlds.World) -> Any:
    article = world.article
    if key == "key":
        return article.files.get().key
    return article.files.get().pk if key == "file" else article.slug


def outcome(response: Any) -> str:
    if response.status_code != 302:
        return str(response.status_code)
    return "login" if response["Location"].startswith("/accounts/login/") else "->"


def seen(columns: Any, ask: Any) -> str:
    """What each column gets, each as if it were the first to ask."""
    cells = []
    for column in columns:
        with transaction.atomic():
            cells.append(outcome(ask(column)))
            transaction.set_rollback(True)
        cache.clear()
    return " ".join(cells)


@pytest.mark.parametrize("name", WEB)
def test_pages_and_forms(world: worlds.World, name: str) -> None:
    path, typed = path_of(name, world), FORMS.get(name, {})
    typed = typed(world) if callable(typed) else typed
    got = {
        "GET": seen(worlds.PEOPLE, lambda who: world.browser(who).get(path)),
        "POST": seen(worlds.PEOPLE, lambda who: world.browser(who).post(path, typed)),
    }
    assert got == {"GET": " ".join(GET[name].split()), "POST": " ".join(POST[name].split())}


def call(world: worlds.World, method: str, path: str, token: str, **more: Any) -> Any:
    headers = {"Authorization": f"Bearer {world.secrets[token]}"} if token != "none" else {}
    return getattr(Client(), method)(path, headers=headers, **more)


@pytest.mark.parametrize("name", API)
def test_the_api(world: worlds.World, name: str) -> None:
    path = path_of(name, world)
    asked = API_BODIES.get(name, {})
    body = {"data": asked(world) if callable(asked) else asked, "content_type": "application/json"}
    got = {
        "GET": seen(worlds.TOKENS, partial(call, world, "get", path)),
        "POST": seen(worlds.TOKENS, partial(call, world, "patch" if name in PATCHED else "post", path, **body)),
    }
    assert got == {"GET": " ".join(API_GET[name].split()), "POST": " ".join(API_POST[name].split())}
