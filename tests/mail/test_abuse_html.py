"""HTML made to attack who reads it (ABUSE 33 to 35), cleaned as mail and opened in Chromium: with the policy and the
sandbox that the workspace gives it, and without any, as somebody might show it who gets it by the API."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from playwright.sync_api import Browser, Error, Page, Playwright, sync_playwright

from staff.views.files import _FRAMED
from tests.e2e.surfing import FLAGS, chromium
from tests.run import HINT
from tickets.mail import contents, inert
from tickets.mail.html_text import clean_html
from tickets.mail.parse import parse

pytestmark = pytest.mark.browser

FRAMES = 150  # on one page
SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox"
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
OURS = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<body onload=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>", "<a href='/staff/'>x</a>", "<iframe src='javascript:alert(1)'></iframe>",
    "<meta http-equiv=refresh content='0;url=http://f.example/'>", "<base href=http://f.example/><img src=x>",
    "<form action=http://f.example/><input name=csrfmiddlewaretoken autofocus onfocus=alert(1)></form>",
    "<p id=csrfmiddlewaretoken name=submit style='position:fixed;inset:0;background:url(http://f.example/)'>x</p>",
    "</div></main></body></html><script>alert(1)</script>", "<link rel=stylesheet href=http://f.example/x.css>",
    "<style>@import 'http://f.example/x.css'; * { background: url(http://f.example/y) }</style>",
    "<img src=http://f.example/p.png srcset='http://f.example/q.png 2x' lowsrc=http://f.example/r>",
    "<table background=http://f.example/><td background=http://f.example/>x</table>",
    "<video src=http://f.example/ poster=http://f.example/></video><audio src=http://f.example/></audio>",
    "<object data=http://f.example/></object><embed src=http://f.example/>", "<img src=//f.example/p>",
    "<picture><source srcset=http://f.example/p><img></picture>", "<input type=image src=http://f.example/>",
    "<svg><image href=http://f.example/ /><use href=http://f.example/#x /></svg>", "<!--><script>alert(1)//-->",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>", "<details open ontoggle=alert(1)>x</details>",
    "<p title='\"><img src=x onerror=alert(1)>'>x</p>", "<plaintext><script>alert(1)</script>",
    "<frameset onload=alert(1)>",
]  # fmt: skip
# What a browser made of the document in each frame: everything that is not text, allowed and harmless.
_LOOK = """
allowed => {
  const events = ['mouseover', 'focus', 'error', 'load', 'toggle', 'animationstart', 'pointerenter', 'click'];
  const look = (node, found) => {
    if (node.nodeType === Node.COMMENT_NODE || node.namespaceURI !== document.body.namespaceURI)
      return found.push('foreign');
    if (!allowed.tags.includes(node.localName)) return found.push(node.localName);
    for (const { name, value } of node.attributes)
      if (!allowed.names.includes(name) || (name === 'href' && !/^(https?|mailto|tel):/i.test(value)))
        found.push(`${node.localName} ${name}=${value}`);
    for (const kind of events)
      if (kind !== 'click' || !node.closest('a')) node.dispatchEvent(new Event(kind, { bubbles: true }));
  };
  const walk = frame => {
    const inside = frame.contentDocument, found = [];
    if (!inside) return [`${frame.src}: somewhere else`];
    if (inside.querySelectorAll('html, head, body, base, meta, link, title, script').length !== 7) found.push('head');
    if (inside.body.attributes.length) found.push('body');
    for (const round of ['as sent', 'written and read once more']) {
      const walker = inside.createTreeWalker(inside.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_COMMENT);
      while (walker.nextNode()) look(walker.currentNode, found);
      inside.body.innerHTML = inside.body.innerHTML;
    }
    return found.map(what => `${frame.src}: ${what}`);
  };
  return [...document.querySelectorAll('iframe')].flatMap(walk);
}
"""


class Server:
    """Serves documents in frames, and notes what is asked for besides."""

    def __init__(self) -> None:
        self.documents: list[str] = []
        self.unexpected: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.answer(self)

            def log_message(self, *words: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        match = re.fullmatch(r"/(page|safe|bare)/(\d+)", request.path)
        if not match and not request.path.startswith(settings.STATIC_URL):
            self.unexpected.append(request.path)
        kind, number = (match[1], int(match[2])) if match else ("", 0)
        text = (self.page(number) if kind == "page" else self.documents[number]) if match else ""
        body = text.encode("utf-8", "replace")
        request.send_response(200)
        request.send_header("Content-Type", "text/html; charset=utf-8" if match else "text/css")
        request.send_header("Content-Length", str(len(body)))
        if kind == "safe":
            request.send_header("Content-Security-Policy", _FRAMED)
        request.end_headers()
        request.wfile.write(body)

    def page(self, first: int) -> str:
        numbers = range(first, min(first + FRAMES, len(self.documents)))
        frames = (
            f'<iframe src="/safe/{n}" sandbox="{SANDBOX}"></iframe><iframe src="/bare/{n}"></iframe>' for n in numbers
        )
        return f"<!DOCTYPE html><title>x</title>{''.join(frames)}"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


class Watch:
    """Everything on a page that is more than showing a document."""

    def __init__(self, page: Page, base: str) -> None:
        self.found: list[str] = []
        self._base = base
        page.on("dialog", lambda dialog: (self.found.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("request", self._requested)
        page.on("framenavigated", lambda frame: self._went(frame.url))
        page.context.on("page", lambda other: self.found.append(f"window {other.url}"))
        page.context.route(lambda url: not url.startswith(base), lambda route: route.abort())
        debugger = page.context.new_cdp_session(page)
        debugger.on("Debugger.scriptParsed", self._parsed)
        debugger.send("Debugger.enable")

    def _requested(self, request) -> None:
        if not request.url.startswith(self._base):
            self.found.append(f"request {request.url}")

    def _went(self, url: str) -> None:
        if not re.fullmatch(rf"{re.escape(self._base)}/(page|safe|bare)/\d+", url):
            self.found.append(f"navigation {url}")

    def _parsed(self, script: dict) -> None:
        # What a document brings has its address; Playwright's own scripts have none.
        if script["url"].startswith(("http", "javascript", "data", "about")):
            self.found.append(f"script in {script['url']}")


@pytest.fixture(scope="module")
def driver() -> Iterator[Playwright]:
    with sync_playwright() as driver:
        yield driver


@pytest.fixture
def browser(driver: Playwright) -> Iterator[Browser]:
    """One for each test: what these documents do to a browser is no other test's trouble."""
    program = chromium()
    if program is None:
        pytest.skip(HINT)
    browser = driver.chromium.launch(executable_path=program, args=FLAGS)
    yield browser
    with contextlib.suppress(Error):
        browser.close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def attacks(folder: Path) -> list[str]:
    """All strings with a tag in the test data of sanitizers, and the whole pages there."""
    found: list[str] = []
    for path in sorted(folder.rglob("*")):
        text = path.read_text("utf-8", "replace") if path.is_file() else ""
        if path.suffix == ".html":
            found.append(text)
        elif path.suffix in (".json", ".dat") or text.lstrip().startswith("{"):
            found += [value for value in map(_value, _STRING.findall(text)) if "<" in value]
        elif path.suffix == ".test":
            found.append(text.rpartition("\n--\n")[0])
    return list(dict.fromkeys(found))


def _value(literal: str) -> str:
    try:
        return json.loads(literal, strict=False)
    except ValueError:
        return literal[1:-1]


def as_mail(html: str) -> str:
    """What is stored of a mail with this HTML."""
    body = base64.encodebytes(html.encode("utf-8", "replace"))
    head = b"From: a@a.example\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
    return contents.read(parse(head + body)).html


_TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def opened(browser: Browser, server: Server) -> list[str]:
    """What happened when the documents were opened."""
    context = browser.new_context()
    page = context.new_page()
    watch = Watch(page, server.base)
    names = {name for some in inert.ATTRIBUTES.values() for name in some}
    allowed = {"tags": sorted(inert.TAGS), "names": [*names, "target", "rel"]}
    for first in range(0, len(server.documents), FRAMES):
        page.goto(f"{server.base}/page/{first}", wait_until="networkidle")
        watch.found += page.evaluate(_LOOK, allowed)
        page.wait_for_load_state("networkidle")
        page.evaluate(_TWO_FRAMES)  # the browser tells of what it refused a moment later
    with contextlib.suppress(Error):  # a browser that falls over while it is closed has told everything before
        context.close()
    return watch.found + server.unexpected


def framed(html: str) -> str:
    return render_to_string("staff/mail_frame.html", {"html": clean_html(html)})


def test_abuse_33_to_35_nothing_gets_through(browser, server):
    server.documents = [document for html in OURS for document in both(as_mail(html))]
    assert opened(browser, server) == []


def both(stored: str) -> list[str]:
    """As the workspace shows it, and what is stored, which the API gives, in a page of somebody else."""
    return [framed(stored), framed("").replace("<body></body>", f"<body>{stored}</body>")]


def test_abuse_33_to_35_nothing_of_the_corpora_gets_through(browser, server, corpora):
    payloads = attacks(corpora / "html")
    assert len(payloads) > 400
    server.documents = list(dict.fromkeys(document for html in payloads for document in both(as_mail(html))))
    assert opened(browser, server) == []


@pytest.mark.parametrize(
    ("html", "what"),
    [
        ("<script>window.x = 1</script>", "script"),
        ("<img src=x onerror=alert(1)>", "dialog"),
        ("<p onmouseover='window.x = 1'>x</p>", "script"),
        ("<meta http-equiv=refresh content='0;url=http://f.example/'>", "navigation"),
        ("<img src=http://f.example/p.png>", "request"),
        ("<img src=p.png>", "p.png"),
        ("<form></form>", "form"),
        ("<p style='color:red'>x</p>", "style"),
        ("<a href=/staff/>x</a>", "href"),
        ("<!-- x -->", "foreign"),
    ],
)
def test_what_is_not_cleaned_is_noticed(browser, server, html, what):
    server.documents = [framed("").replace("<body></body>", f"<body>{html}</body>")]
    assert any(what in found for found in opened(browser, server))
