"""The catalogues of the desk's languages: which sentences there are, and what they are called elsewhere.

`bin/catalogues update` reads the sources, refreshes locale/*/LC_MESSAGES/django.po and compiles it to django.mo;
`bin/catalogues check` changes nothing and tells what is out of date or wrong. GNU gettext is not needed.
"""

from __future__ import annotations

import ast
import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from helpdesk.catalogue_faults import faults

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "locale"
# The code of the language -> the name of its folder, as Django looks for it.
LOCALES = {"de": "de", "fr": "fr", "es": "es", "pt-br": "pt_BR", "ar": "ar"}
# How many plural forms there are and which one a number takes. For whole numbers that we count; the form that Spanish,
# French and Portuguese have for round millions would say the same as the last one.
PLURALS = {
    "de": (2, "(n != 1)"),
    "fr": (2, "(n > 1)"),
    "es": (2, "(n != 1)"),
    "pt-br": (2, "(n > 1)"),
    "ar": (6, "(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 && n%100<=99 ? 4 : 5)"),
}
_CODE = ("helpdesk", "portal", "staff", "tickets")
_TEMPLATES = {".html", ".txt", ".js", ".xml"}
# name -> how many of its arguments are texts, and whether a context stands before them
_FUNCTIONS = {
    "gettext": (1, False), "gettext_lazy": (1, False), "gettext_noop": (1, False),
    "ngettext": (2, False), "ngettext_lazy": (2, False),
    "pgettext": (1, True), "pgettext_lazy": (1, True), "npgettext": (2, True), "npgettext_lazy": (2, True),
}  # fmt: skip
# What an extraction yields: the file, the text (two for a plural), comments for translators, the context.
Place = tuple[str, str | tuple[str, ...], list[str], str | None]


class PlainCatalog(Catalog):
    """Without dates and names in its head: they change with every update and say nothing that the history does not."""

    def __init__(self, code: str) -> None:
        super().__init__(locale=LOCALES[code], charset="utf-8", fuzzy=False)
        self._num_plurals, self._plural_expr = PLURALS[code]

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Language", str(self.locale_identifier)),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", f"nplurals={self._num_plurals}; plural={self._plural_expr};"),
        ]


def path_of(code: str, suffix: str = "po") -> Path:
    return FOLDER / LOCALES[code] / "LC_MESSAGES" / f"django.{suffix}"


def sentences() -> Catalog:
    """Every sentence of the sources, with the files it stands in."""
    found = Catalog(charset="utf-8", fuzzy=False)
    for file, text, comments, context in sorted(_places(), key=lambda place: place[0]):
        found.add(text, locations=[(file, 0)], auto_comments=comments, context=context)
    return found


def _places() -> Iterator[Place]:
    for folder in _CODE:
        for path in (ROOT / folder).rglob("*.py"):
            if "migrations" not in path.parts:
                yield from _in_python(path)
    for path in (ROOT / "templates").rglob("*"):
        if path.suffix in _TEMPLATES:
            yield from _in_template(path)


def _in_python(path: Path) -> Iterator[Place]:
    source = path.read_text()
    if "translation" in source:
        yield from _extracted(path, source, _names(ast.parse(source)))


def _names(tree: ast.Module) -> dict[str, str]:
    """What the functions of gettext are called in a module, such as {"_": "gettext"}."""
    return {
        alias.asname or alias.name: alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if alias.name in _FUNCTIONS
    }


def _in_template(path: Path) -> Iterator[Place]:
    # What Django leaves of a template is no program; without indentation there is nothing for Python to stumble over.
    lines = [line.strip() for line in templatize(path.read_text(), origin=str(path)).splitlines()]
    yield from _extracted(path, "\n".join(lines), {**{name: name for name in _FUNCTIONS}, "_": "gettext"})


def _extracted(path: Path, source: str, names: dict[str, str]) -> Iterator[Place]:
    found = extract_python(io.BytesIO(source.encode()), list(names), ["Translators:"], {"encoding": "utf-8"})
    for _line, name, arguments, comments in found:
        given = list(arguments) if isinstance(arguments, (tuple, list)) else [arguments]
        count, has_context = _FUNCTIONS[names[name]]
        context = given.pop(0) if has_context else None
        texts = tuple(given[:count])
        if all(isinstance(text, str) and text for text in texts):  # a variable is translated where its text stands
            yield str(path.relative_to(ROOT)), texts if count > 1 else texts[0], list(comments), context


def read(code: str) -> Catalog:
    """The catalogue as it is saved; an empty one when there is none."""
    path = path_of(code)
    return read_po(io.BytesIO(path.read_bytes() if path.exists() else b""), locale=LOCALES[code])


def updated(code: str, sources: Iterable[Message]) -> PlainCatalog:
    """The catalogue with the sentences of the sources: what is new is empty, what is gone is left out."""
    known = {(one.context, one.id): one for one in read(code) if one.id}
    fresh = PlainCatalog(code)
    for one in sources:
        if one.id:
            old = known.get((one.context, one.id))
            empty = ("",) * PLURALS[code][0] if one.pluralizable else ""
            fresh.add(
                one.id, old.string if old else empty, locations=one.locations, context=one.context,
                auto_comments=one.auto_comments, user_comments=old.user_comments if old else (),
            )  # fmt: skip
    return fresh


def as_po(catalog: PlainCatalog) -> bytes:
    out = io.BytesIO()
    write_po(out, catalog, width=120, omit_header=True, sort_output=True, include_lineno=False)
    head = "".join(f'"{name}: {value}\\n"\n' for name, value in catalog.mime_headers)
    return f'msgid ""\nmsgstr ""\n{head}\n'.encode() + out.getvalue()


def as_mo(catalog: PlainCatalog) -> bytes:
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def untranslated(catalog: Catalog) -> list[Message]:
    return [one for one in catalog if one.id and not (all(one.string) if one.pluralizable else one.string)]


def wrong(code: str, catalog: Catalog) -> list[str]:
    """Translations that cannot stand for their sentence, each with the reason."""
    return [
        f"{one.id!r}: {fault}"
        for one in catalog
        if one.id
        for fault in faults(one.id, one.string, code, PLURALS[code][0])
    ]


def update() -> int:
    sources = sentences()
    for code in LOCALES:
        catalog = updated(code, sources)
        path_of(code).parent.mkdir(parents=True, exist_ok=True)
        path_of(code).write_bytes(as_po(catalog))
        path_of(code, "mo").write_bytes(as_mo(catalog))
        print(f"{code:<6} {len(catalog)} sentences, {len(untranslated(catalog))} not translated")
    return check()


def stale(code: str, sources: Iterable[Message]) -> list[str]:
    """The files of the language that `update` would write differently."""
    catalog = updated(code, sources)
    wanted = {"po": as_po(catalog), "mo": as_mo(catalog)}
    return [
        str(path_of(code, suffix).relative_to(ROOT))
        for suffix, content in wanted.items()
        if not path_of(code, suffix).exists() or path_of(code, suffix).read_bytes() != content
    ]


def check() -> int:
    sources = sentences()
    found = [
        f"{file} is out of date; bin/catalogues update writes it anew"
        for code in LOCALES
        for file in stale(code, sources)
    ]
    found += [f"{code}: {fault}" for code in LOCALES for fault in wrong(code, read(code))]
    print("\n".join(found) or "The catalogues hold what the sources say.")
    return 1 if found else 0


if __name__ == "__main__":
    verbs = {"update": update, "check": check}
    if len(sys.argv) != 2 or sys.argv[1] not in verbs:
        sys.exit("Usage: bin/catalogues update|check")
    sys.exit(verbs[sys.argv[1]]())
