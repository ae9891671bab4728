"""Queries on hot paths, compiled once. Django writes the SQL of a query anew each time it is asked: 0.3 ms for one wide
table, more than a millisecond for five that are joined, where reading the row takes a tenth of that. PostgreSQL gets
them as prepared statements, so that it parses and plans them once for each connection.

Write one as a module constant, `_person = Compiled(lambda email: User.objects.filter(email=email))`, and ask it with
the values in the same order: `_person.first("anna@example.org")`. The function runs once and sees placeholders, so it
must not look at its arguments. Values arrive in PostgreSQL as given: lower case, for one, is the caller's.
Lookups that prepare their value in Python (`iexact`, `contains`, `in`) cannot take a placeholder; for `in` there is
`AnyOf("message", keys)`.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.models import BooleanField, Expression, F, Func, QuerySet
from django.db.models.query import ModelIterable, get_related_populators
from django.db.models.sql import UpdateQuery

Row = TypeVar("Row")
_numbers = itertools.count(1)


class _Place(Expression):
    """Where a value will stand."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        return "%s", [self]


class AnyOf(Func):
    """A condition: the column is one of the keys in a list, `Attachment.objects.filter(AnyOf("message", keys))`."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()

    def __init__(self, column: str, keys: Any) -> None:
        super().__init__(F(column), keys)


def _places(function: Callable[..., Any]) -> list[_Place]:
    return [_Place(number) for number in range(len(inspect.signature(function).parameters))]


class Statement:
    """One statement, prepared in each connection that comes to use it. `count` values are given at each run; without
    `params` every `%s` of the SQL stands for one of them, in their order."""

    def __init__(self, sql: str, count: int, params: Iterable[Any] | None = None) -> None:
        self._sql, self._params = sql, [_Place(number) for number in range(count)] if params is None else list(params)
        self._name = f"helpdesk_{next(_numbers)}"
        self._call = f"EXECUTE {self._name}" + (f" ({', '.join(['%s'] * count)})" if count else "")

    def run(self, cursor: Any, values: Sequence[Any]) -> None:
        wrapper = cursor.db
        wrapper.ensure_connection()
        known = wrapper.__dict__.get("prepared")
        if known is None or known[0] is not wrapper.connection:  # a new connection knows none
            known = wrapper.prepared = (wrapper.connection, set())
        if self._name not in known[1]:
            self._prepare(wrapper.connection)
            known[1].add(self._name)
        cursor.execute(self._call, values)

    def _prepare(self, connection: Any) -> None:
        with connection.cursor() as cursor:
            fixed = [
                f"${param.number + 1}" if isinstance(param, _Place) else cursor.mogrify("%s", [param]).decode()
                for param in self._params
            ]
            cursor.execute(f"PREPARE {self._name} AS {self._sql % tuple(fixed)}")


class Compiled(Generic[Row]):
    """A query for model instances, with annotations and what `select_related` brings, or for the tuples of
    `values_list`. Prefetched rows are left out."""

    def __init__(self, build: Callable[..., QuerySet[Any, Row]]) -> None:
        self._build = build
        self._made: tuple[Any, ...] | None = None

    def all(self, *values: Any) -> list[Row]:
        using, statement, converted, model, names, start, end, related, annotated = self._made or self._make()
        with connections[using].cursor() as cursor:
            statement.run(cursor, values)
            rows = cursor.fetchall()
        if converted:
            rows = list(converted(rows))
        if not names:
            return rows
        found = []
        for row in rows:
            one = model.from_db(using, names, row[start:end])
            for populator in related:
                populator.populate(row, one)
            for name, place in annotated:
                setattr(one, name, row[place])
            found.append(one)
        return found

    def first(self, *values: Any) -> Row | None:
        """For a query that finds one row at most, or is limited to one."""
        found = self.all(*values)
        return found[0] if found else None

    def get(self, *values: Any) -> Row:
        """Raises the model's DoesNotExist."""
        found = self.first(*values)
        if found is None:
            model = (self._made or self._make())[3]
            raise model.DoesNotExist
        return found

    def _make(self) -> tuple[Any, ...]:
        places = _places(self._build)
        rows = self._build(*places)
        compiler = rows.query.get_compiler(rows.db)
        sql, params = compiler.as_sql()
        statement = Statement(sql, len(places), params)
        converters = compiler.get_converters([column[0] for column in compiler.select])
        converted = (lambda found: map(tuple, compiler.apply_converters(found, converters))) if converters else None
        if not issubclass(rows._iterable_class, ModelIterable):  # tuples
            self._made = (rows.db, statement, converted, rows.model, (), 0, 0, (), ())
            return self._made
        info, select = compiler.klass_info, compiler.select
        start, end = info["select_fields"][0], info["select_fields"][-1] + 1
        names: Any = [column[0].target.attname for column in select[start:end]]
        if len(names) < len(rows.model._meta.concrete_fields):  # deferred ones are looked up among the names
            names = set(names)
        related = get_related_populators(info, select, rows.db)  # type: ignore[call-arg]
        annotated = tuple(compiler.annotation_col_map.items())
        self._made = (rows.db, statement, converted, rows.model, names, start, end, related, annotated)
        return self._made


class Change:
    """An update of columns: `Change(lambda pk, at: (Event.objects.filter(pk=pk), {"handled_at": at}))`; called with the
    values it returns how many rows were changed."""

    def __init__(self, build: Callable[..., tuple[QuerySet[Any], dict[str, Any]]]) -> None:
        self._build = build
        self._made: tuple[str, Statement] | None = None

    def __call__(self, *values: Any) -> int:
        using, statement = self._made or self._make()
        with connections[using].cursor() as cursor:
            statement.run(cursor, values)
            return cursor.rowcount

    def _make(self) -> tuple[str, Statement]:
        places = _places(self._build)
        rows, columns = self._build(*places)
        query: Any = rows.query.chain(UpdateQuery)
        query.add_update_values(columns)
        sql, params = query.get_compiler(rows.db).as_sql()
        self._made = (rows.db, Statement(sql, len(places), params))
        return self._made
