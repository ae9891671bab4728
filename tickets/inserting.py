"""Inserts a row or finds that somebody else has: one statement, where catching the error takes three and a savepoint."""

from __future__ import annotations

from django.db import connections, models, router
from django.db.models.constants import OnConflict
from django.db.models.sql import InsertQuery


def inserted(row: models.Model) -> bool:
    """Inserts the row and gives it its key. False, and nothing is written, when a unique key of it is taken: then the
    other row is committed, and the next statement sees it. Every other constraint raises as usual."""
    meta = row._meta
    using = router.db_for_write(type(row), instance=row)
    query = InsertQuery(type(row), on_conflict=OnConflict.IGNORE)
    fields = [field for field in meta.concrete_fields if field is not meta.pk and not field.generated]
    query.insert_values(fields, [row])
    (found,) = query.get_compiler(connection=connections[using]).execute_sql([meta.pk])
    if found is None:
        return False
    row.pk, row._state.adding, row._state.db = found[0], False, using
    return True
