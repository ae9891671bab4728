"""/api/docs/: the schema as a page to read. Made on the server, so it needs neither scripts nor a looser policy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from drf_spectacular.generators import SchemaGenerator


def docs(request: HttpRequest) -> HttpResponse:
    return render(request, "api/docs.html", {"operations": operations(), "shapes": shapes()})


@cache
def _schema() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


@cache
def operations() -> list[dict[str, Any]]:
    """One row per address and method: id, method, path, summary, text, parameters, body, answers."""
    return [
        {
            "id": operation["operationId"],
            "method": method.upper(),
            "path": path,
            "summary": operation.get("summary", ""),
            "text": operation.get("description", ""),
            "parameters": [one for one in operation.get("parameters", []) if one["in"] != "path"],
            "body": list(_fields(_body_schema(operation))),
            "answers": list(_answers(operation)),
        }
        for path, item in _schema()["paths"].items()
        for method, operation in item.items()
        if path.startswith("/api/v1/")
    ]


@cache
def shapes() -> list[dict[str, Any]]:
    """What is answered: name and fields of each shape that an operation refers to."""
    schemas = _schema()["components"]["schemas"]
    return [
        {"name": name.removesuffix("Shape"), "fields": list(_fields(schema))}
        for name, schema in schemas.items()
        if name.endswith("Shape")
    ]


def _body_schema(operation: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    return next((one["schema"] for one in content.values()), {})


def _answers(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for code, answer in operation["responses"].items():
        schema: dict[str, Any] = next((one["schema"] for one in answer.get("content", {}).values()), {})
        is_page = "Paginated" in schema.get("$ref", "")
        yield {
            "code": code,
            "text": answer.get("description", ""),
            "shape": _shape_name(schema),
            "is_page": is_page,
        }


def _shape_name(schema: dict[str, Any]) -> str:
    name = schema.get("$ref", "").rpartition("/")[2]
    if name.startswith("Paginated"):
        return name.removeprefix("Paginated").removesuffix("List").removesuffix("Shape")
    return name.removesuffix("Shape")


def _fields(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "$ref" in schema:
        schema = _schema()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    required = schema.get("required", [])
    for name, one in schema.get("properties", {}).items():
        text = one.get("description", "")
        yield {"name": name, "type": _type(one), "required": name in required, "text": text.partition("\n\n*")[0]}


def _type(schema: dict[str, Any]) -> str:
    """The type in a few words: "text", "list of text", "open, closed", a shape's name."""
    if choices := _choices(schema):
        return ", ".join(json.dumps(one).strip('"') for one in choices if one is not None and one != "")
    for part in schema.get("allOf", schema.get("oneOf", ())):
        if "$ref" in part:
            return _shape_name(part)
    if "$ref" in schema:
        return _shape_name(schema)
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    names = {"string": "text", "integer": "number", "object": "object", "boolean": "true or false"}
    return {"date-time": "moment", "email": "e-mail address", "uri": "address"}.get(
        schema.get("format", ""), names.get(schema.get("type", ""), "")
    )


def _choices(schema: dict[str, Any]) -> list[Any]:
    parts = [schema, *schema.get("allOf", ()), *schema.get("oneOf", ())]
    schemas = _schema()["components"]["schemas"]
    named = [schemas[part["$ref"].rpartition("/")[2]] for part in parts if "$ref" in part]
    return next((part["enum"] for part in [*parts, *named] if "enum" in part), [])
