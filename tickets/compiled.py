"""Queries on hot paths, compiled once. Django writes the SQL of a query anew each time it is asked: 0.3 ms for one wide
table, more than a millisecond for five that are joined, where reading the row takes a tenth of that.

Write one as a module constant, `_person = Compiled(lambda email: User.objects.filter(email=email))`, and ask it with
the values in the same order: `_person.first("anna@example.org")`. The function runs once and sees placeholders, so it
must not look at its arguments. Values arrive in PostgreSQL as given: lower case, for one, is the caller's.
Lookups that prepare their value in Python (`iexact`, `contains`, `in`) cannot take a placeholder.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.models import Expression, QuerySet
from django.db.models.query import ModelIterable, get_related_populators
from django.db.models.sql import UpdateQuery

Row = TypeVar("Row")


class _Place(Expression):
    """Where a value will stand."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        return "%s", [self]


def _places(function: Callable[..., Any]) -> list[_Place]:
    return [_Place(number) for number in range(len(inspect.signature(function).parameters))]


def _filled(params: Iterable[Any], values: tuple[Any, ...]) -> list[Any]:
    return [values[param.number] if isinstance(param, _Place) else param for param in params]


class Compiled(Generic[Row]):
    """A query for model instances, with what `select_related` brings, or for the tuples of `values_list`. Annotations
    and prefetched rows are left out."""

    def __init__(self, build: Callable[..., QuerySet[Any, Row]]) -> None:
        self._build = build
        self._made: tuple[Any, ...] | None = None

    def all(self, *values: Any) -> list[Row]:
        using, sql, params, compiler, model, names, start, end, related = self._made or self._make()
        with connections[using].cursor() as cursor:
            cursor.execute(sql, _filled(params, values))
            rows = cursor.fetchall()
        if not names:
            return list(compiler.results_iter([rows]))
        found = []
        for row in compiler.results_iter([rows]):
            one = model.from_db(using, names, row[start:end])
            for populator in related:
                populator.populate(row, one)
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
            model = (self._made or self._make())[4]
            raise model.DoesNotExist
        return found

    def _make(self) -> tuple[Any, ...]:
        rows = self._build(*_places(self._build))
        compiler = rows.query.get_compiler(rows.db)
        sql, params = compiler.as_sql()
        info, select = compiler.klass_info, compiler.select
        if not issubclass(rows._iterable_class, ModelIterable):  # tuples
            self._made = (rows.db, sql, params, compiler, rows.model, (), 0, 0, ())
            return self._made
        start, end = info["select_fields"][0], info["select_fields"][-1] + 1
        names: Any = [column[0].target.attname for column in select[start:end]]
        if len(names) < len(rows.model._meta.concrete_fields):  # deferred ones are looked up among the names
            names = set(names)
        related = get_related_populators(info, select, rows.db)  # type: ignore[call-arg]
        self._made = (rows.db, sql, params, compiler, rows.model, names, start, end, related)
        return self._made


class Change:
    """An update of columns: `Change(lambda pk, at: (Event.objects.filter(pk=pk), {"handled_at": at}))`; called with the
    values it returns how many rows were changed."""

    def __init__(self, build: Callable[..., tuple[QuerySet[Any], dict[str, Any]]]) -> None:
        self._build = build
        self._made: tuple[str, str, Iterable[Any]] | None = None

    def __call__(self, *values: Any) -> int:
        using, sql, params = self._made or self._make()
        with connections[using].cursor() as cursor:
            cursor.execute(sql, _filled(params, values))
            return cursor.rowcount

    def _make(self) -> tuple[str, str, Iterable[Any]]:
        rows, columns = self._build(*_places(self._build))
        query: Any = rows.query.chain(UpdateQuery)
        query.add_update_values(columns)
        sql, params = query.get_compiler(rows.db).as_sql()
        self._made = (rows.db, sql, params)
        return self._made
