"""How a person works on a ticket page: with the mouse, or with nothing but keys."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from staff.verbs import BUTTONS

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

    def undo(self) -> None:
        self.page.keyboard.press("y")
