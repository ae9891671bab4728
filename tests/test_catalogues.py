"""Sentences are found wherever they stand, catalogues keep what is translated, and what cannot be right is told."""

from __future__ import annotations

import gettext
import io
from pathlib import Path

import pytest

from helpdesk import catalogues
from helpdesk.catalogue_faults import Text, faults

PYTHON = """
from django.utils.translation import gettext as _now, gettext_lazy as _, ngettext, pgettext
_("One" " sentence")
_now("Another")
ngettext("%(count)d day", "%(count)d days", 3)
pgettext("month", "May")
_(name)
other("Not a sentence")
"""
TEMPLATE = """{% load i18n %}
  <a title="{% translate 'A “title”' %}">{{ _("Inline") }}</a>
{# Translators: a button #}
    {% blocktranslate trimmed count n=rows|length %}
      {{ n }} row is
      left
    {% plural %}
      {{ n }} rows are left
    {% endblocktranslate %}
{% include "x.html" with label=_("Passed on") %}{% translate "May" context "modal" %}
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small desk of two files, with catalogues of its own."""
    monkeypatch.setattr(catalogues, "ROOT", tmp_path)
    monkeypatch.setattr(catalogues, "FOLDER", tmp_path / "locale")
    (tmp_path / "portal").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "portal" / "one.py").write_text(PYTHON)
    (tmp_path / "templates" / "one.html").write_text(TEMPLATE)
    return tmp_path


def test_sentences_are_found_in_python_and_templates(tree: Path) -> None:
    found = {(one.context, one.id): [file for file, _line in one.locations] for one in catalogues.sentences() if one.id}
    assert found == {
        (None, "One sentence"): ["portal/one.py"],
        (None, "Another"): ["portal/one.py"],
        (None, ("%(count)d day", "%(count)d days")): ["portal/one.py"],
        ("month", "May"): ["portal/one.py"],
        (None, "A “title”"): ["templates/one.html"],
        (None, "Inline"): ["templates/one.html"],
        (None, "Passed on"): ["templates/one.html"],
        (None, ("%(n)s row is left", "%(n)s rows are left")): ["templates/one.html"],
        ("modal", "May"): ["templates/one.html"],
    }


def test_an_update_keeps_what_is_translated_and_drops_what_is_gone(tree: Path, capsys: pytest.CaptureFixture) -> None:
    assert catalogues.update() == 0
    saved = catalogues.path_of("de").read_text()
    catalogues.path_of("de").write_text(
        saved.replace('msgid "Another"\nmsgstr ""', 'msgid "Another"\nmsgstr "Ein anderer"')
    )
    (tree / "portal" / "one.py").write_text(PYTHON.replace('"One" " sentence"', '"New"'))
    assert catalogues.check() == 1
    assert "locale/de/LC_MESSAGES/django.po is out of date" in capsys.readouterr().out
    assert catalogues.update() == 0
    text = catalogues.path_of("de").read_text()
    assert "Ein anderer" in text
    assert "One sentence" not in text
    left = {one.id for one in catalogues.untranslated(catalogues.read("de"))}
    assert "New" in left
    assert "Another" not in left


def test_what_is_compiled_is_what_gettext_reads(tree: Path) -> None:
    catalogues.update()
    catalog = catalogues.updated("ar", catalogues.sentences())
    days = ("%(count)d day", "%(count)d days")
    catalog[days].string = ("0", "1", "2", "3-10", "11-99", "100")
    read = gettext.GNUTranslations(io.BytesIO(catalogues.as_mo(catalog)))
    counts = (0, 1, 2, 3, 10, 11, 99, 100, 102, 103, 111)
    said = [read.ngettext(*days, count) for count in counts]
    assert said == ["0", "1", "2", "3-10", "3-10", "11-99", "11-99", "100", "100", "3-10", "11-99"]
    assert catalogues.as_mo(catalog) == catalogues.as_mo(catalog)


@pytest.mark.parametrize(
    ("source", "said", "code"),
    [
        ("%(who)s and {n}", "{n} und %(who)s", "de"),
        ("50%% of %d", "%d: 50%%", "de"),
        ("Read <a href='#'>this</a>", "<a href='#'>Das</a> lesen", "de"),
        (" and ", " und ", "de"),
        (("%(n)s day", "%(n)s days"), ("Ein Tag", "%(n)s Tage"), "de"),
        (("%(n)s day", "%(n)s days"), ("0", "1", "2", "%(n)s a", "%(n)s b", "%(n)s c"), "ar"),
        (("%(n)s day", "%(n)s days"), ("", ""), "de"),
        ("Not yet", "", "de"),
    ],
)
def test_good_translations_pass(source: Text, said: Text, code: str) -> None:
    assert faults(source, said, code, catalogues.PLURALS[code][0]) == []


@pytest.mark.parametrize(
    ("source", "said", "fault"),
    [
        ("%(who)s wrote", "%(wer)s schrieb", "misses %(who)s"),
        ("%(who)s wrote", "%(who)s %(who)s", "more often"),
        ("{n} files", "Dateien", "misses {n}"),
        ("%d of %(all)s", "%(all)s", "misses %d"),
        ("All of %(n)s", "100 % von %(n)s", "lone %"),
        ("<b>Now</b>", "<i>Jetzt</i>", "other tags"),
        (" and ", "und ", "white space"),
        ("Line\n", "Zeile", "white space"),
        ("One\n\nTwo", "Eins\nZwei", "paragraphs"),
        (("%(n)s day", "%(n)s days"), ("Ein Tag",), "plural forms"),
        (("%(n)s day", "%(n)s days"), ("Ein Tag", ""), "plural forms"),
        (("%(n)s day", "%(n)s days"), ("Ein Tag", "Tage"), "misses %(n)s"),
        (("%d day", "%d days"), ("Ein Tag", "%d Tage"), "misses %d"),
    ],
)
def test_what_would_break_a_sentence_is_told(source: Text, said: Text, fault: str) -> None:
    assert any(fault in one for one in faults(source, said, "de", 2))


def test_no_translation_of_the_desk_is_wrong() -> None:
    assert [fault for code in catalogues.LOCALES for fault in catalogues.wrong(code, catalogues.read(code))] == []
