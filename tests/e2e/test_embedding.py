"""A form on another site: two real origins, one that the form names and one that it does not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import BrowserContext, expect

from tests import forms
from tests.e2e.desk import RunningDesk
from tests.e2e.surfing import Surfer
from tickets.models import Attachment, Form, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.xdist_group("e2e")]  # they share one desk


class Site:
    """A web site with one page, which has the one line that the desk asks for."""

    def __init__(self, script: str) -> None:
        page = f"<!doctype html><title>Shop</title><h1>Shop</h1><script async src='{script}'></script>".encode()

        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, *_words: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def form(desk: RunningDesk, admin: str) -> Form:
    return Form.objects.filter(name="Shop").first() or forms.form(forms.DEVICE, name="Shop")


@pytest.fixture
def sites(desk: RunningDesk, form: Form) -> Iterator[tuple[Site, Site]]:
    """The one that the form names, and a stranger."""
    both = [Site(f"{desk.base}/embed/{form.slug}/script.js") for _site in range(2)]
    Form.objects.filter(pk=form.pk).update(allowed_origins=[both[0].origin])
    yield both[0], both[1]
    for site in both:
        site.close()


@pytest.fixture
def abroad(surfer: Surfer) -> Iterator[BrowserContext]:
    """A browser that is not at home on the desk."""
    context = surfer.browser.new_context(locale="en-GB")
    context.set_default_timeout(15_000)
    yield context
    context.close()


def test_a_named_site_shows_the_form_and_what_is_sent_there_arrives(
    abroad: BrowserContext, sites: tuple[Site, Site], desk: RunningDesk
) -> None:
    page = abroad.new_page()
    page.goto(sites[0].origin)
    frame = page.frame_locator("iframe")
    frame.get_by_label("Your name").fill("Sam Shopper")
    frame.get_by_label("Your e-mail address").fill("sam.shop@customers.example")
    frame.get_by_label("Subject").fill("From another site")
    frame.get_by_label("What happened?").fill("It does not charge.")
    frame.get_by_label("Device").select_option("laptop")
    frame.get_by_label("Serial number").fill("4711")
    frame.locator("[name=attachments]").set_input_files(
        {"name": "badge.txt", "mimeType": "text/plain", "buffer": b"Blinks."}
    )
    expect(frame.get_by_role("checkbox", name="badge.txt")).to_be_checked()  # it is with the desk already
    frame.get_by_role("button", name="Send").click()
    expect(frame.get_by_text("We received it")).to_be_visible()
    ticket = Ticket.objects.get(subject="From another site")
    assert ticket.fields == {"device": "laptop", "serial": "4711"}
    assert Attachment.objects.get(message__ticket=ticket).name == "badge.txt"
    assert ticket.number in frame.locator("body").inner_text()
    assert [cookie["name"] for cookie in abroad.cookies() if cookie["domain"] in desk.base] == []


def test_the_frame_is_as_high_as_the_form(abroad: BrowserContext, sites: tuple[Site, Site]) -> None:
    page = abroad.new_page()
    page.goto(sites[0].origin)
    page.frame_locator("iframe").get_by_label("Subject").wait_for()
    page.wait_for_function("document.querySelector('iframe').style.blockSize !== '40rem'")
    inner = page.frames[1].evaluate("document.documentElement.scrollHeight - document.documentElement.clientHeight")
    assert inner <= 1


def test_another_site_shows_nothing(abroad: BrowserContext, sites: tuple[Site, Site]) -> None:
    page = abroad.new_page()
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        page.goto(sites[1].origin)
    expect(page.locator("iframe")).to_have_count(1)
    expect(page.frame_locator("iframe").get_by_label("Subject")).to_have_count(0)
