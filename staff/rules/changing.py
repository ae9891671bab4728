"""What the buttons of the builder do to a draft: add, remove and move rows. Each says which input is then in hand."""

from __future__ import annotations

from staff.rules.draft import DEEPEST, MOST_ROWS, Deed, Draft, Group, Leaf


def change(draft: Draft, deed: str) -> str:
    """Does `deed`, such as "add c.1" or "remove e.0", and returns the name of the input or button that gets the focus;
    empty when it is none of ours."""
    verb, _, place = deed.partition(" ")
    act = _DEEDS.get(verb)
    focus = act(draft, place) if act else ""
    draft.number()
    return focus


def _find(draft: Draft, place: str) -> tuple[Group | None, int]:
    """The group in which the row stands, and its number there."""
    group, (_, *numbers) = draft.root, place.split(".")
    for number in numbers[:-1]:
        row = group.rows[int(number)] if number.isdecimal() and int(number) < len(group.rows) else None
        if not isinstance(row, Group):
            return None, 0
        group = row
    last = numbers[-1] if numbers else ""
    return (group, int(last)) if last.isdecimal() and int(last) < len(group.rows) else (None, 0)


def _group_at(draft: Draft, place: str) -> Group | None:
    if place == "c":
        return draft.root
    group, number = _find(draft, place)
    row = group.rows[number] if group else None
    return row if isinstance(row, Group) else None


def _add(draft: Draft, place: str) -> str:
    group = _group_at(draft, place)
    if group is None or len(group.rows) >= MOST_ROWS:
        return ""
    group.rows.append(Leaf())
    return f"{place}.{len(group.rows) - 1}.field"


def _nest(draft: Draft, place: str) -> str:
    group = _group_at(draft, place)
    if group is None or place.count(".") + 1 >= DEEPEST:
        return ""
    group.rows.append(Group("", "any" if group.mode == "all" else "all", [Leaf()]))
    return f"{place}.{len(group.rows) - 1}.mode"


def _remove(draft: Draft, place: str) -> str:
    if place.startswith("e."):
        number = _deed_number(draft, place)
        if number is not None:
            del draft.deeds[number]
        return "add_deed"
    group, number = _find(draft, place)
    if group is None:
        return ""
    del group.rows[number]
    return f"add {place.rpartition('.')[0]}"


def _deed_number(draft: Draft, place: str) -> int | None:
    text = place.removeprefix("e.")
    return int(text) if text.isdecimal() and int(text) < len(draft.deeds) else None


def _add_deed(draft: Draft, _place: str) -> str:
    if len(draft.deeds) < MOST_ROWS:
        draft.deeds.append(Deed())
    return f"e.{len(draft.deeds) - 1}.do"


def _move(draft: Draft, place: str, by: int) -> str:
    number = _deed_number(draft, place)
    if number is None or not 0 <= number + by < len(draft.deeds):
        return ""
    deeds = draft.deeds
    deeds[number], deeds[number + by] = deeds[number + by], deeds[number]
    return f"e.{number + by}.do"


_DEEDS = {
    "add": _add,
    "nest": _nest,
    "remove": _remove,
    "add_deed": _add_deed,
    "up": lambda draft, place: _move(draft, place, -1),
    "down": lambda draft, place: _move(draft, place, 1),
}
