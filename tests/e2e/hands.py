"""How a person works on a ticket page: with the mouse, or with nothing but keys."""

from __future__ import annotations

from datetime import date

from playwright.sync_api import Locator, Page, expect

from staff.verbs import BUTTONS
from tickets.models import Ticket

_FARTHEST = 150  # presses of Tab


class Mouse:
    """Points at things; only what has to be typed is typed."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def verb(self, verb: str) -> None:
        """Presses the button of a verb, wherever the page offers it."""
        opens = f"[popovertarget={verb}-form]" if BUTTONS[verb].panel else f"form[action*='/{verb}/'] button"
        direct = self.page.locator(f".ticket-head {opens}")
        if direct.count():
            direct.first.click()
        else:
            self.page.locator("[popovertarget=more-verbs]").click()
            self.page.locator(f"#more-verbs {opens}").click()

    def press(self, element: Locator) -> None:
        element.click()

    def write(self, field: Locator, text: str) -> None:
        field.fill(text)

    def choose(self, field: Locator, option: str) -> None:
        field.select_option(label=option)

    def tick(self, field: Locator) -> None:
        field.check()

    def date(self, field: Locator, day: date) -> None:
        """Nine o'clock on that day, in a field for a moment."""
        field.fill(f"{day:%Y-%m-%d}T09:00")

    def choose_rows(self, tickets: list[Ticket]) -> None:
        """Ticks them in a list."""
        for ticket in tickets:
            row = self.page.locator(f"#row-{ticket.pk}")
            row.hover()
            row.get_by_role("checkbox").check()

    def print(self) -> None:
        self.page.locator("[popovertarget=more-verbs]").click()
        self.page.locator("#more-verbs").get_by_role("link", name="Print").click()

    def undo(self) -> None:
        self.page.locator(".toast__undo button").last.click()


class Keys:
    """Never points: keys of the sheet, the palette for the rest, Tab to what stands on the page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def verb(self, verb: str) -> None:
        if key := BUTTONS[verb].key:
            self.page.keyboard.press(key)
            return
        label = str(BUTTONS[verb].label)
        self.page.keyboard.press("Control+k")
        expect(self.page.locator("#palette input")).to_be_focused()
        self.page.keyboard.type(label)
        expect(self.page.locator(".palette__item[aria-selected=true] > :first-child")).to_have_text(label)
        self.page.keyboard.press("Enter")

    def reach(self, element: Locator) -> None:
        """Tab goes around the whole page, so everything that can have the focus is met."""
        element.wait_for()
        for _ in range(_FARTHEST):
            if element.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not reach {element}")

    def press(self, element: Locator) -> None:
        self.reach(element)
        self.page.keyboard.press("Enter")

    def write(self, field: Locator, text: str) -> None:
        self.reach(field)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def choose(self, field: Locator, option: str) -> None:
        self.reach(field)
        self.page.keyboard.type(option)
        expect(field.locator("option:checked")).to_have_text(option)

    def tick(self, field: Locator) -> None:
        self.reach(field)
        self.page.keyboard.press("Space")
        expect(field).to_be_checked()

    def date(self, field: Locator, day: date) -> None:
        """Day, month and year are parts that one types through; the year ends with an arrow. A is for who counts to
        twelve twice."""
        self.reach(field)
        self.page.keyboard.type(f"{day:%d%m%Y}")
        self.page.keyboard.press("ArrowRight")
        self.page.keyboard.type("0900A")
        expect(field).to_have_value(f"{day:%Y-%m-%d}T09:00")

    def choose_rows(self, tickets: list[Ticket]) -> None:
        """Walks down the list, choosing on the way."""
        wanted = [f"row-{ticket.pk}" for ticket in tickets]
        for _ in range(self.page.locator(".row").count()):
            self.page.keyboard.press("j")
            if self.page.locator(".row:has(.row__subject:focus)").get_attribute("id") in wanted:
                self.page.keyboard.press("x")

    def print(self) -> None:
        self.page.keyboard.press("p")

    def undo(self) -> None:
        self.page.keyboard.press("y")
