"""What is wrong with a text with variables, in plain words, before it is saved: so that nothing is left to fail when it
is filled in for a customer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from liquid.builtin.expressions import FilteredExpression, LoopExpression, Path, PositionalArgument
from liquid.builtin.expressions.filtered import Filter
from liquid.builtin.expressions.logical import (
    ContainsExpression,
    GeExpression,
    GtExpression,
    LeExpression,
    LtExpression,
)
from liquid.builtin.expressions.primitive import IntegerLiteral, RangeLiteral
from liquid.exceptions import LiquidError
from liquid.expression import Expression
from liquid.static_analysis import TemplateAnalysis

from tickets.wording_language import FILTERS, MOST_ITEMS, MOST_VALUE, Template, parsed, takes
from tickets.wording_marks import Problem, around, broken_mark, problem_at, unknown
from tickets.wording_variables import FIELDS, VARIABLES, field_keys, samples

_ALIASES = {"customer": "requester", "user": "requester", "contact": "requester", "company": "organization",
            "organisation": "organization", "helpdesk": "desk", "me": "agent", "owner": "assignee"}  # fmt: skip
MOST_TOLD = 10
_LOOP = ("first", "index", "index0", "last", "length", "rindex", "rindex0")


def check(
    text: str, kind: str = "text", *, fields: Collection[str] | None = None, more: Collection[str] = ()
) -> list[Problem]:
    """What is wrong with `text`; an empty list when it can be saved. `kind` is what it becomes, text or html; `fields`
    are the keys of custom fields that it may name, those of the desk unless given; `more` are variables that only this
    text may name."""
    if fields is None:
        fields = field_keys() if FIELDS in text else ()
    if problem := broken_mark(text):
        return [problem]
    try:
        template = parsed(text, kind)
        found = sorted(_check_names(text, template, fields, more), key=lambda problem: (problem.line, problem.column))
    except (LiquidError, ValueError, TypeError, RecursionError) as error:
        index = max(getattr(getattr(error, "token", None), "start_index", 0), 0)
        return [problem_at(text, index, _("“%(mark)s” is not understood.") % {"mark": around(text, index)})]
    first = {(problem.line, problem.column): problem for problem in reversed(found)}
    return list(first.values())[::-1][:MOST_TOLD] or list(_try_out(text, template, fields))


def names_in(text: str) -> set[str]:
    """The variables that a text without a fault names."""
    used = parsed(text, "text").analyze(include_partials=False)
    return {str(one) for variables in used.globals.values() for one in variables}


def _check_names(text: str, template: Template, fields: Collection[str], more: Collection[str]) -> Iterator[Problem]:
    """Variables, filters and what the language leaves out."""
    used = template.analyze(include_partials=False)
    yield from _check_variables(text, used, {*(f"{FIELDS}.{key}" for key in fields), *more})
    for name, spans in used.filters.items():
        if name not in FILTERS:
            yield problem_at(text, spans[0].index, unknown(_("There is no filter “%(name)s”."), name, FILTERS))
    yield from _Expressions(text, set(used.locals)).problems(template.nodes)


def _check_variables(text: str, used: TemplateAnalysis, more: Collection[str]) -> Iterator[Problem]:
    known = {*VARIABLES, *more}
    roots = {path.partition(".")[0] for path in known}
    for variables in used.globals.values():
        for one in variables:
            if isinstance(one.segments[0], str) and (path := str(one)) not in known:
                yield problem_at(text, one.span.index, _unknown_variable(path, known))
    free = roots | set(used.globals)
    for name, variables in used.variables.items():
        for one in variables:
            if name not in free and len(one.segments) > 1 and (name != "forloop" or one.segments[1] not in _LOOP):
                yield problem_at(text, one.span.index, _("“%(name)s” has no parts.") % {"name": name})
    for name, variables in used.locals.items():
        if name in roots:
            sentence = _("“%(name)s” is taken; give it another name.") % {"name": name}
            yield problem_at(text, variables[0].span.index, sentence)


class _Expressions:
    """Looks through what a text works out. `assigned` are its own names, whose values may be numbers."""

    def __init__(self, text: str, assigned: Collection[str]) -> None:
        self.text, self.assigned = text, assigned

    def problems(self, nodes: Any) -> Iterator[Problem]:
        for node in nodes:
            for expression in node.expressions():
                yield from self.of(expression)
            yield from self.problems(node.children(None, include_partials=False))

    def of(self, expression: Expression) -> Iterator[Problem]:
        if sentence := self.sentence(expression):
            yield problem_at(self.text, expression.token.start_index, sentence)
        if isinstance(expression, FilteredExpression):
            yield from self.filters(expression.filters or ())
        for part in expression.children():
            yield from self.of(part)

    def sentence(self, expression: Expression) -> str:
        if isinstance(expression, RangeLiteral):
            return _("Ranges are not known here; “for” goes over a list.")
        if isinstance(expression, (GeExpression, GtExpression, LeExpression, LtExpression)):
            return _("Only ==, != and “contains” compare here.")
        if isinstance(expression, ContainsExpression) and not self.is_text(expression.left):
            return _('“contains” looks into a variable, as in ticket.subject contains "printer".')
        if isinstance(expression, Path) and not all(isinstance(one, str) for one in expression.path):
            return _("Only names are known here, as in ticket.subject.")
        if isinstance(expression, LoopExpression) and not all(map(_is_count, (expression.limit, expression.offset))):
            return _("“limit” and “offset” take a number.")
        return ""

    def is_text(self, expression: Expression) -> bool:
        """Whether it is sure to be a text, a list of texts, or nothing."""
        return isinstance(expression, Path) and expression.path[0] not in (*self.assigned, "forloop")

    def filters(self, filters: Iterable[Filter]) -> Iterator[Problem]:
        for one in filters:
            most = takes(one.name)
            if len(one.args) > most or not all(isinstance(given, PositionalArgument) for given in one.args):
                sentence = (
                    _("“%(name)s” takes no value.")
                    if most == 0
                    else ngettext(
                        "“%(name)s” takes at most %(most)d value.", "“%(name)s” takes at most %(most)d values.", most
                    )
                )
                yield problem_at(self.text, one.token.start_index, sentence % {"name": one.name, "most": most})


def _is_count(given: Expression | None) -> bool:
    return given is None or (isinstance(given, IntegerLiteral) and 0 <= given.value <= MOST_ITEMS)


def _try_out(text: str, template: Template, fields: Collection[str]) -> Iterator[Problem]:
    """Fills the text in with nothing, with usual values and with the longest ones."""
    for values in ({}, samples(keys=fields), samples(MOST_VALUE, fields)):
        try:
            template.render(values)
        except (LiquidError, ValueError, TypeError) as error:
            index = max(getattr(getattr(error, "token", None), "start_index", 0), 0)
            yield problem_at(text, index, _("This fails or becomes too long with some values."))
            return


def _unknown_variable(path: str, known: set[str]) -> str:
    root, dot, rest = path.partition(".")
    if path in ("".join((FIELDS, ".", path.rpartition(".")[2])), FIELDS):
        keys = {one for one in known if one.startswith(FIELDS + ".")}
        return unknown(_("There is no custom field “%(name)s”."), path, keys)
    likely = _ALIASES.get(root, root) + dot + rest
    same = [one for one in sorted(known) if one.rpartition(".")[2] == likely.rpartition(".")[2]]
    near = [one for one in sorted(known) if one.startswith(likely.partition(".")[0] + ".")]
    sentence = _("There is no variable “%(name)s”.")
    if likely in known:
        return unknown(sentence, path, known, likely)
    if same and not get_close_matches(likely, near, 1):
        return unknown(sentence, path, near or known, same[0])
    return unknown(sentence, likely, near or sorted({one.partition(".")[0] for one in known}), named=path)
