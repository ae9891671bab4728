"""Nothing is left in English: every sentence is in every catalogue, and no page or form has one that none can hold."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.template.base import Lexer, TokenType

from helpdesk import catalogues

ROOT = Path(__file__).parent.parent
OTHERS = [code for code, _name in settings.LANGUAGES if code != "en"]
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".txt"})
CODE = sorted(
    path
    for folder in ("helpdesk", "portal", "staff", "tickets")
    for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.parts
    # For programs, their makers, and who starts the desk in a terminal: these are in English.
    and not str(path.relative_to(ROOT)).startswith(
        ("helpdesk/supervise.py", "tickets/management/", "tickets/api/", "tickets/mail/webhook.py")
    )
)
WORD = re.compile(r"[^\W\d_]{2,}")


# -- the catalogues


@pytest.fixture(scope="module")
def sentences() -> set[tuple[str | None, object]]:
    return {(one.context, one.id) for one in catalogues.sentences() if one.id}


@pytest.mark.parametrize("code", OTHERS)
def test_every_sentence_is_translated(code: str, sentences: set[tuple[str | None, object]]) -> None:
    catalog = catalogues.read(code)
    left = {(one.context, one.id) for one in catalogues.untranslated(catalog)}
    unsure = {(one.context, one.id) for one in catalog if one.id and one.fuzzy}
    missing = sentences - {(one.context, one.id) for one in catalog}
    assert not left & sentences | unsure | missing, "bin/catalogues update, then translate these"


def test_no_sentence_hides_in_a_formatted_string() -> None:
    """The extraction does not look into one."""
    trees = [ast.parse(path.read_text()) for path in CODE]
    strings = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    calls = [ast.unparse(node) for one in strings for node in ast.walk(one) if isinstance(node, ast.Call)]
    assert not [call for call in calls if re.match(r"(_|n?p?gettext(_lazy)?)\(['\"]", call)]


@pytest.mark.parametrize("code", OTHERS)
def test_the_desk_reads_what_the_catalogue_says(code: str) -> None:
    known = [one for one in catalogues.read(code) if one.id]
    assert catalogues.path_of(code, "mo").read_bytes() == catalogues.as_mo(catalogues.updated(code, known))


def test_every_catalogue_that_is_whole_is_offered() -> None:
    whole = {code for code in catalogues.LOCALES if not catalogues.untranslated(catalogues.read(code))}
    assert whole <= set(OTHERS)


# -- templates

# Names that are the same in every language.
SAME = {"X-Spam-Flag", "Mailgun", "Mandrill", "Postmark", "SendGrid", "SparkPost"}
READ_ALOUD = {"aria-label", "aria-description", "aria-roledescription", "placeholder", "title", "alt"}
SILENT = {"script", "style", "code", "kbd", "pre", "svg", "samp"}
_ADDRESS = re.compile(r"\S*[/?=@]\S*")
_QUOTED = re.compile(r"""(?<!\w)(?:"([^"]*)"|'([^']*)')""")
_TRANSLATED = re.compile(r"""_\((?:"[^"]*"|'[^']*')\)""")


class Texts(HTMLParser):
    """What people read or hear of a page from which template tags were taken out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self.silent.append(tag)
        named = dict(attrs)
        self.found += [value for name, value in attrs if name in READ_ALOUD and value]
        if tag == "input" and named.get("type") in {"submit", "button", "reset"}:
            self.found.append(named.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if self.silent and self.silent[-1] == tag:
            self.silent.pop()

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(data)


def left_in(source: str) -> list[str]:
    """Words of a template that stand outside {% translate %}."""
    plain, quoted, inside, is_class = "", [], "", False
    for token in Lexer(source).tokenize():
        name, _space, rest = token.contents.partition(" ")
        is_class = name == "block" and rest.endswith("_class") if token.token_type is TokenType.BLOCK else is_class
        if token.token_type is TokenType.BLOCK and name in {"blocktranslate", "blocktrans", "comment", "verbatim"}:
            inside = f"end{name}"
        elif inside:
            inside = "" if token.token_type is TokenType.BLOCK and name == inside else inside
        elif token.token_type is TokenType.TEXT:
            plain += "" if is_class else token.contents
        elif token.token_type is not TokenType.COMMENT and name not in {"translate", "trans"}:
            given = _TRANSLATED.sub("", token.contents)
            quoted += [one or other for one, other in _QUOTED.findall(given)]
    texts = Texts()
    texts.feed(plain)
    texts.close()
    texts.found += [text for text in quoted if re.match(r"[A-Z][a-z]+( |$|\W)|\w+ \w+", text)]
    return [" ".join(text.split()) for text in texts.found if text not in SAME and WORD.search(_ADDRESS.sub("", text))]


@pytest.mark.parametrize(
    "source",
    [
        "<p>Hello</p>",
        '<a title="Back to {{ desk.name }}"></a>',
        '<button aria-label="Close">{% translate "x" %}</button>',
        '<input type="submit" value="Send">',
        '{% include "a.html" with label="Send" %}',
        '{{ name|default:"Nobody" }}',
        "<svg></svg>and",
        "{% if a %}<b>{% translate 'x' %}</b> of {% endif %}",
    ],
)
def test_a_text_outside_is_found(source: str) -> None:
    assert left_in(source)


@pytest.mark.parametrize(
    "source",
    [
        "<p>{% translate 'Hello' %} · {{ n }}</p>",
        "{% blocktranslate trimmed %}Hello <b>you</b>{% endblocktranslate %}",
        """<a title="{% translate 'Back' %}" class="button" href="/x/"></a>""",
        "{% include 'a.html' with label=_('Send it') kind='small' %}",
        "<code>is:open</code><kbd>Esc</kbd>{# a note #}{% comment %}More{% endcomment %}",
        "{{ when|date:'DATE_FORMAT' }}",
    ],
)
def test_a_text_inside_is_not(source: str) -> None:
    assert left_in(source) == []


def test_no_template_has_a_text_that_nobody_can_translate() -> None:
    found = {str(path.relative_to(ROOT)): left for path in TEMPLATES if (left := left_in(path.read_text()))}
    assert found == {}


# -- Python

EXPLAINING = {"label", "help_text", "verbose_name", "verbose_name_plural", "empty_label", "description", "message"}
REFUSING = {"Refused", "Invalid", "NotAllowed", "TooLate", "NoDepartment", "ValidationError", "Unreadable"}
SAYING = {"success", "error", "info", "warning"}


def _is_text(node: ast.AST) -> bool:
    """Also one that is filled in, put together or chosen on the spot."""
    if isinstance(node, ast.JoinedStr | ast.Dict):
        return any(_is_text(part) for part in node.values)
    if isinstance(node, ast.BinOp):
        return _is_text(node.left) or (isinstance(node.op, ast.Add) and _is_text(node.right))
    if isinstance(node, ast.IfExp):
        return _is_text(node.body) or _is_text(node.orelse)
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(WORD.search(node.value))


def literals(tree: ast.AST) -> Iterator[ast.expr]:
    """Texts of refusals, messages, fields and choices that no function of gettext goes over."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            owner, _dot, name = ast.unparse(node.func).rpartition(".")
            if name in REFUSING:
                yield from filter(_is_text, node.args[:1])
                yield from (more.value for more in node.keywords if more.arg != "code" and _is_text(more.value))
            elif owner == "messages" and name in SAYING:
                yield from filter(_is_text, node.args[1:])
            elif owner == "models" and name.endswith("Field") and not name.startswith(("ManyTo", "OneTo")):
                yield from filter(_is_text, node.args[:1])
            yield from (more.value for more in node.keywords if more.arg in EXPLAINING and _is_text(more.value))
        elif isinstance(node, ast.ClassDef):
            yield from _of_class(node)


def _of_class(node: ast.ClassDef) -> Iterator[ast.expr]:
    is_choices = any("Choices" in ast.unparse(base) for base in node.bases)
    for line in node.body:
        if isinstance(line, ast.Assign):
            names = {target.id for target in line.targets if isinstance(target, ast.Name)}
            if names & EXPLAINING and _is_text(line.value):
                yield line.value
            elif is_choices and isinstance(line.value, ast.Tuple):
                yield from (one for one in line.value.elts[1:] if _is_text(one) and ast.literal_eval(one) not in SAME)


def test_texts_of_python_are_found_unless_gettext_goes_over_them() -> None:
    bad = """
raise Refused("Not now")
raise Invalid(**{name: f"Not {name}"})
messages.error(request, "No" if a else _("Yes"))
x = forms.CharField(label="Name", help_text=_("Yours"))
x = models.CharField("name", max_length=9)
class Kind(models.TextChoices):
    ONE = "one", "The first"
class Meta:
    verbose_name = "kind"
"""
    assert len(list(literals(ast.parse(bad)))) == 7
    good = """
raise Refused(_("%(n)s at most") % {"n": 3})
raise ValidationError(texts["required"], code="required")
logger.error("A fault")
x = models.ManyToManyField("tickets.Team", verbose_name=_("teams"))
class Kind(models.TextChoices):
    ONE = "one", _("The first")
"""
    assert list(literals(ast.parse(good))) == []


def test_no_refusal_form_or_model_has_a_text_that_nobody_can_translate() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{one.lineno} {ast.unparse(one)}"
        for path in CODE
        for one in literals(ast.parse(path.read_text()))
    ]
    assert found == []
