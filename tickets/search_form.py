"""The search language for those who want none: the fields of a form <-> a query. Both are one filter: what the form
cannot show stays, as text, in its last field."""

from __future__ import annotations

from dataclasses import dataclass

from tickets import search_grammar as grammar
from tickets.search_grammar import Both, Node, Term

# Filters that the form has a field for, in its order; each at most once, any of several values.
FIELDS = (
    "is", "priority", "assignee", "team", "department", "topic", "status", "tag", "requester", "organization", "source",
    "has", "sla", "created", "updated", "activity", "waiting", "due", "snoozed",
)  # fmt: skip
SINGLE = {"requester", "organization", "created", "updated", "activity", "waiting", "due", "snoozed"}


@dataclass
class Filled:
    """`values` by filter; `words` are the words as text, `rest` the part of the query that has no field."""

    words: str
    values: dict[str, tuple[str, ...]]
    rest: str


def read(query: str) -> Filled:
    tree, _mistakes = grammar.read(query)
    words: list[Node] = []
    values: dict[str, tuple[str, ...]] = {}
    rest: list[Node] = []
    for node in tree.nodes if isinstance(tree, Both) else (tree,):
        if isinstance(node, Term) and not node.key:
            words.append(node)
        elif isinstance(node, Term) and _fits(node, values):
            values[node.key.lower()] = node.values
        else:
            rest.append(node)
    return Filled(grammar.write(Both(tuple(words))), values, grammar.write(_joined(rest)))


def write(filled: Filled) -> str:
    nodes = [Term(key, tuple(filled.values[key])) for key in FIELDS if filled.values.get(key)]
    return grammar.write(_joined([grammar.read(filled.words)[0], *nodes, grammar.read(filled.rest)[0]]))


def _fits(term: Term, values: dict[str, tuple[str, ...]]) -> bool:
    key = term.key.lower()
    return key in FIELDS and key not in values and all(term.values) and (key not in SINGLE or len(term.values) == 1)


def _joined(nodes: list[Node]) -> Node:
    flat: list[Node] = []
    for node in nodes:
        flat += node.nodes if isinstance(node, Both) else [node]
    return flat[0] if len(flat) == 1 else Both(tuple(flat))
