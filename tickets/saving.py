"""Writes of one row on hot paths: the SQL is made once per model, and nothing comes back but a new key.

`save` makes its SQL anew for each row and fetches generated columns, such as a whole search vector. Nothing here sends
signals.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db import connections, models, router

from tickets.compiled import Statement


def insert(row: models.Model) -> None:
    """Inserts the row and gives it its key."""
    _insert(row, "")


def inserted(row: models.Model) -> bool:
    """Inserts the row and gives it its key. False, and nothing is written, when a unique key of it is taken: then the
    other row is committed, and the next statement sees it. Every other constraint raises as usual.

    One statement, where catching the error takes three and a savepoint."""
    return _insert(row, " ON CONFLICT DO NOTHING")


def update(row: models.Model, *names: str) -> None:
    """Writes these fields of a row that is there, or all of them when none is named."""
    using = router.db_for_write(type(row), instance=row)
    connection = connections[using]
    fields, statement = _update_statement(type(row), names, using)
    with connection.cursor() as cursor:
        statement.run(cursor, [*_values(row, fields, connection, add=False), row.pk])


def _insert(row: models.Model, otherwise: str) -> bool:
    using = router.db_for_write(type(row), instance=row)
    connection = connections[using]
    fields, statement = _insert_statement(type(row), otherwise, using)
    with connection.cursor() as cursor:
        statement.run(cursor, _values(row, fields, connection, add=True))
        found = cursor.fetchone()
    if found is None:
        return False
    row.pk, row._state.adding, row._state.db = found[0], False, using
    return True


def _values(row: models.Model, fields: list[Any], connection: Any, *, add: bool) -> list[Any]:
    return [field.get_db_prep_save(field.pre_save(row, add), connection) for field in fields]


def _place(field: Any, connection: Any) -> str:
    return field.get_placeholder([], None, connection) if hasattr(field, "get_placeholder") else "%s"


def _written(model: type[models.Model]) -> list[Any]:
    """What is neither the key nor computed by PostgreSQL."""
    return [field for field in model._meta.concrete_fields if not (field.primary_key or field.generated)]


@cache
def _insert_statement(model: type[models.Model], otherwise: str, using: str) -> tuple[list[Any], Statement]:
    meta, connection = model._meta, connections[using]
    name = connection.ops.quote_name
    fields = _written(model)
    columns = ", ".join(name(str(field.column)) for field in fields)
    places = ", ".join(_place(field, connection) for field in fields)
    sql = f"INSERT INTO {name(meta.db_table)} ({columns}) VALUES ({places}){otherwise}"  # noqa: S608 (the model's names)
    return fields, Statement(f"{sql} RETURNING {name(str(meta.pk.column))}", len(fields))


@cache
def _update_statement(model: type[models.Model], names: tuple[str, ...], using: str) -> tuple[list[Any], Statement]:
    meta, connection = model._meta, connections[using]
    name = connection.ops.quote_name
    fields: list[Any] = [meta.get_field(each) for each in names] or _written(model)
    columns = ", ".join(f"{name(str(field.column))} = {_place(field, connection)}" for field in fields)
    table, key = name(meta.db_table), name(str(meta.pk.column))
    sql = f"UPDATE {table} SET {columns} WHERE {key} = %s"  # noqa: S608 (the model's names)
    return fields, Statement(sql, len(fields) + 1)
