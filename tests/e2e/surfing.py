"""Browser windows that notice what a person would not: script errors, dialogs, requests to other hosts."""

from __future__ import annotations

import os
import re
import shutil
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request, Response

from tests import people
from tests.run import BROWSERS

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# A refused form answers 4xx, which Chromium reports for the page itself; other resources are looked at in `_answered`.
_REFUSED = re.compile(r"Failed to load resource: .* status of 4\d\d")


def chromium() -> str | None:
    """The browser that `bin/test` has found, else one on the PATH."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


class Surfer:
    """Opens windows on the desk at `base`; `problems` collects what went wrong in any of them."""

    def __init__(self, browser: Browser, base: str) -> None:
        self.browser, self.base = browser, base
        self.problems: list[str] = []
        self._contexts: list[BrowserContext] = []
        self._signed_in: dict[str, dict] = {}
        self._open: dict[Request, None] = {}

    def window(
        self,
        email: str = "",
        *,
        javascript: bool = True,
        width: int = 1440,
        scheme: str = "light",
        locale: str = "en-GB",
    ) -> Page:
        """An empty window, of a stranger or of somebody signed in. The cache is cold."""
        state = self._sign_in(email) if email else None
        context = self.browser.new_context(
            base_url=self.base, viewport={"width": width, "height": 900 if width > 600 else 844}, locale=locale,
            color_scheme=scheme, reduced_motion="reduce", java_script_enabled=javascript, storage_state=state,
        )  # fmt: skip
        context.set_default_timeout(15_000)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on("dialog", self._asked)
        page.on("request", self._requested)
        page.on("requestfinished", lambda request: self._open.pop(request, None))
        page.on("requestfailed", lambda request: self._open.pop(request, None))
        page.on("response", self._answered)
        return page

    def seen(self) -> str:
        """What every window shows, and what was asked of the desk and not answered."""
        pages = [page for context in self._contexts for page in context.pages]
        shown = [f"{page.url}\n{page.locator('body').aria_snapshot(timeout=2000)}" for page in pages]
        return "\n\n".join([*shown, *(f"no answer: {request.method} {request.url}" for request in self._open)])

    def close(self) -> None:
        """Closes all windows; fails when something went wrong in one."""
        for context in self._contexts:
            context.close()
        self._contexts.clear()
        self._open.clear()
        found, self.problems = self.problems, []
        if found:
            pytest.fail("\n".join(found))

    def _sign_in(self, email: str) -> dict:
        if email not in self._signed_in:
            page = self.window()
            sign_in(page, email)
            self._signed_in[email] = page.context.storage_state()
        return self._signed_in[email]

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not _REFUSED.match(message.text):
            self.problems.append(f"console: {message.text}")

    def _asked(self, dialog: Dialog) -> None:
        if dialog.type != "beforeunload":
            self.problems.append(f"dialog: {dialog.message}")
        dialog.accept()

    def _requested(self, request: Request) -> None:
        self._open[request] = None
        target = urlsplit(request.url)
        if target.scheme in {"http", "https"} and f"{target.scheme}://{target.netloc}" != self.base:
            self.problems.append(f"foreign request: {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and not response.request.is_navigation_request() and "/static/" in response.url:
            self.problems.append(f"{response.status}: {response.url}")


def sign_in(page: Page, email: str, password: str = people.PASSWORD) -> None:
    page.goto("/accounts/login/")
    page.get_by_label(re.compile("e-?mail", re.IGNORECASE)).fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(r"/(staff|tickets)/"))
