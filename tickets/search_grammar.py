"""The search language as a tree: text -> terms under AND, OR and NOT, and back. Pure: knows no filter and no table.

printer tag:vpn            both        (AND may be written)
tag:vpn OR tag:wifi        either      (capitals: "or" is a word)
NOT is:closed, -is:closed  without
(… OR …) …                 parentheses bind first, then NOT, AND, OR
tag:vpn,wifi               any of them
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

DEEPEST = 12
_TOKEN = re.compile(r"\s*(?:(?P<word>(?:AND|OR|NOT)(?=[\s()]|$))|(?P<sign>[()]|-(?=[^\s]))|(?P<term>\S))")
_KEY = re.compile(r"([A-Za-z_]+(?:\.[A-Za-z0-9_-]+)?):")
_PLAIN = re.compile(r'[\s,"()]')


@dataclass(frozen=True)
class Mistake:
    """What was not understood: `position` is the offset in the text, `text` a sentence for the person."""

    position: int
    text: str


@dataclass(frozen=True)
class Term:
    """A word (no key) or a filter. `values` has more than one where any of several is meant."""

    key: str
    values: tuple[str, ...]
    position: int = 0
    end: int = 0
    is_quoted: bool = False


@dataclass(frozen=True)
class Not:
    node: Node


@dataclass(frozen=True)
class Both:
    """All of them; none at all is everything."""

    nodes: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Either:
    nodes: tuple[Node, ...] = ()


Node = Term | Not | Both | Either
_Token = tuple[str, int, "Term | None"]


def read(text: str) -> tuple[Node, list[Mistake]]:
    """The tree of what was understood, and the mistakes. Whatever is wrong, the rest is read."""
    reader = _Reader(list(_tokens(text)), len(text))
    return reader.whole(), reader.mistakes


def terms(node: Node) -> Iterator[Term]:
    """Every term of the tree, in the order of the text."""
    if isinstance(node, Term):
        yield node
    elif isinstance(node, Not):
        yield from terms(node.node)
    else:
        for one in node.nodes:
            yield from terms(one)


def write(node: Node) -> str:
    """The text that `read` understands as this tree."""
    if isinstance(node, Term):
        return written(node)
    if isinstance(node, Not):
        return f"-{written(node.node)}" if isinstance(node.node, Term) else f"NOT {_inner(node.node)}"
    return (" " if isinstance(node, Both) else " OR ").join(_inner(one, node) for one in node.nodes)


def _inner(node: Node, under: Node | None = None) -> str:
    bare = isinstance(node, (Term, Not)) or (isinstance(node, Both) and isinstance(under, Either))
    return write(node) if bare else f"({write(node)})"


def written(term: Term) -> str:
    """One term as text, quoted where it has to be."""
    if not term.key:
        word = term.values[0]
        bare = word not in {"AND", "OR", "NOT"} and not re.search(r'[\s"()]', word) and not word.startswith("-")
        return word if bare and not _KEY.match(word) and not term.is_quoted else f'"{_unquoted(word)}"'
    return f"{term.key}:" + ",".join(map(quoted, term.values))


def quoted(value: str) -> str:
    """A filter's value as it is typed: its comparison sign stands before the quotes."""
    sign = next((sign for sign in ("<=", ">=", "<", ">", "=") if value.startswith(sign)), "")
    bare = value[len(sign) :]
    return sign + (f'"{_unquoted(bare)}"' if _PLAIN.search(bare) or not bare else bare)


def _unquoted(text: str) -> str:
    return text.replace('"', " ").strip() or " "


def _tokens(text: str) -> Iterator[_Token]:
    """(kind, position, term). Kinds: AND OR NOT ( ) term."""
    at, depth = 0, 0
    while match := _TOKEN.match(text, at):
        if match["word"]:
            yield match["word"], match.start("word"), None
            at = match.end()
        elif match["sign"]:
            depth += {"(": 1, ")": -1}.get(match["sign"], 0)
            yield "NOT" if match["sign"] == "-" else match["sign"], match.start("sign"), None
            at = match.end()
        else:
            term = _term(text, match.start("term"), closes=depth > 0)
            yield "term", term.position, term
            at = term.end


def _term(text: str, start: int, *, closes: bool) -> Term:
    """The word or filter that begins there. A parenthesis ends it only where one is open (`closes`)."""
    key = _KEY.match(text, start)
    at = key.end() if key else start
    if not key:
        value, end, was_quoted = _value(text, at, closes=closes, stops="")
        return Term("", (value,), start, end, was_quoted)
    values, was_quoted = [], False
    while True:
        value, at, is_quoted = _value(text, at, closes=closes, stops=",")
        was_quoted |= is_quoted
        values.append(value.strip())
        if text[at : at + 1] != "," or not text[at + 1 : at + 2].strip():
            break
        at += 1
    kept = tuple(value for value in values if value) or ("",)
    return Term(key[1], kept, start, at, was_quoted)


def _value(text: str, at: int, *, closes: bool, stops: str) -> tuple[str, int, bool]:
    """(value, where it ends, whether it stood in quotes); a comparison sign may stand before the quotes."""
    sign = re.compile(r"[<>]?=?").match(text, at)
    begin = sign.end() if sign else at
    if text[begin : begin + 1] == '"':
        end = text.find('"', begin + 1)
        stop = len(text) if end < 0 else end
        return text[at:begin] + text[begin + 1 : stop], len(text) if end < 0 else end + 1, True
    depth, end = 0, at
    while end < len(text) and not text[end].isspace() and text[end] not in stops:
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        if depth < 0 and closes:
            break
        end += 1
    return text[at:end], end, False


class _Reader:
    def __init__(self, tokens: list[_Token], length: int) -> None:
        self.tokens, self.at, self.length = tokens, 0, length
        self.mistakes: list[Mistake] = []

    @property
    def kind(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def wrong(self, position: int, text: str) -> None:
        self.mistakes.append(Mistake(position, text))

    def whole(self) -> Node:
        found = [self.either(0)]
        while self.kind:  # only a ")" is left over
            self.wrong(self.tokens[self.at][1], _("This “)” closes nothing: there is no “(” before it."))
            self.at += 1
            found.append(self.either(0))
        return _both(found)

    def either(self, depth: int) -> Node:
        parts = [self.both(depth)]
        while self.kind == "OR":
            position = self.tokens[self.at][1]
            self.at += 1
            parts.append(self.both(depth))
            if any(part == Both() for part in parts[-2:]):
                self.wrong(position, _("OR needs something to search for on both sides."))
        kept = [part for part in parts if part != Both()]
        return kept[0] if len(kept) == 1 else Either(tuple(kept)) if kept else Both()

    def both(self, depth: int) -> Node:
        parts: list[Node] = []
        while self.kind in {"term", "NOT", "(", "AND"}:
            if self.kind == "AND":
                self.joint(bool(parts))
            elif (part := self.one(depth)) != Both():
                parts.append(part)
        return _both(parts)

    def joint(self, has_left: bool) -> None:
        position = self.tokens[self.at][1]
        self.at += 1
        if not has_left or self.kind not in {"term", "NOT", "("}:
            self.wrong(position, _("AND needs something to search for on both sides."))

    def one(self, depth: int) -> Node:
        kind, position, term = self.tokens[self.at]
        self.at += 1
        if term is not None:
            return term
        if kind == "NOT":
            if self.kind not in {"term", "NOT", "("}:
                self.wrong(position, _("NOT needs something after it."))
                return Both()
            inner = self.one(depth + 1) if depth < DEEPEST else self.too_deep(position)
            return Not(inner) if inner != Both() else Both()
        inner = self.either(depth + 1) if depth < DEEPEST else self.too_deep(position)
        if self.kind == ")":
            self.at += 1
        else:
            self.wrong(position, _("This “(” is never closed."))
        return inner

    def too_deep(self, position: int) -> Node:
        """Skips what is nested beyond reason, up to the end."""
        if not any(mistake.text == _("This is nested too deeply.") for mistake in self.mistakes):
            self.wrong(position, _("This is nested too deeply."))
        self.at = len(self.tokens)
        return Both()


def _both(nodes: list[Node]) -> Node:
    flat: list[Node] = []
    for node in nodes:
        flat += node.nodes if isinstance(node, Both) else [node]
    return flat[0] if len(flat) == 1 else Both(tuple(flat))
