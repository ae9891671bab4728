"""How what was read from a mail travels from the child process: JSON, and bytes behind it, checked against the types.

Nothing that the other side says is executed or trusted to have a shape: `unpack` builds the declared dataclass from
plain values or raises ValueError.
"""

from __future__ import annotations

import json
import socket
import struct
import time
import types
import typing
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

MAIL = b"m"  # comes with an open file; a framed request follows
MAX_JSON = 8 * 1024 * 1024
MAX_BYTES = 128 * 1024 * 1024
_SMALL = 2048
_LENGTH = struct.Struct(">I")


def framed(message: Any) -> bytes:
    """A message as it is sent: its length, then its JSON."""
    text = json.dumps(message, separators=(",", ":")).encode()
    return _LENGTH.pack(len(text)) + text


def receive(read: Callable[[int], bytes]) -> Any:
    """The JSON of the next message; `read` gives exactly as many bytes as asked for. Raises ValueError."""
    (length,) = _LENGTH.unpack(read(_LENGTH.size))
    if length > MAX_JSON:
        raise ValueError("message too long")
    return json.loads(read(length))


def exactly(sender: socket.socket, wanted: int, deadline: float) -> bytes:
    """So many bytes. Raises EOFError when the socket closes before, TimeoutError at the (monotonic) deadline."""
    data = bytearray(wanted)
    view, place = memoryview(data), 0
    while place < wanted:
        sender.settimeout(max(0.001, deadline - time.monotonic()))
        got = sender.recv_into(view[place:])
        if not got:
            raise EOFError
        place += got
    return bytes(data)


def pack(value: Any, blobs: list[bytes]) -> Any:
    """`value` as JSON can hold it. Long strings and bytes go to `blobs`; their lengths take their place."""
    if isinstance(value, str) and len(value) > _SMALL:
        return _set_aside(value.encode("utf-8", "replace"), blobs)
    if isinstance(value, bytes):
        return _set_aside(value, blobs) if len(value) > _SMALL else value.decode("latin-1")
    if isinstance(value, (list, tuple)):
        return [pack(item, blobs) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value):
        return [pack(getattr(value, field.name), blobs) for field in fields(value)]
    return value


def _set_aside(data: bytes, blobs: list[bytes]) -> dict[str, int]:
    blobs.append(data)
    return {"bytes": len(data)}


def unpack(kind: Any, value: Any, read: Callable[[int], bytes]) -> Any:
    """The inverse of `pack` for a value of the declared type `kind`. Raises ValueError when it is none."""
    if isinstance(value, dict):
        value = _fetched(kind, value, read)
    if kind is bytes:
        return value if isinstance(value, bytes) else _plain(str, value).encode("latin-1")
    if kind is datetime:
        return datetime.fromisoformat(_plain(str, value))
    if kind in (str, bool, int):
        return _plain(kind, value)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(_plain(str, value))
    if is_dataclass(kind) or hasattr(kind, "_fields"):
        return _record(typing.cast(type, kind), value, read)
    if isinstance(kind, types.UnionType):
        return None if value is None else unpack(typing.get_args(kind)[0], value, read)
    return _several(kind, value, read)


def _fetched(kind: Any, value: dict[str, Any], read: Callable[[int], bytes]) -> str | bytes:
    data = read(_plain(int, value.get("bytes")))
    return data if kind is bytes else data.decode("utf-8", "replace")


def _plain(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise ValueError(f"{kind.__name__} expected")
    return value


def _record(kind: type, value: Any, read: Callable[[int], bytes]) -> Any:
    hints = _hints(kind)
    if len(_plain(list, value)) != len(hints):
        raise ValueError(f"no {kind.__name__}")
    return kind(*[unpack(hint, item, read) for hint, item in zip(hints, value, strict=True)])


def _several(kind: Any, value: Any, read: Callable[[int], bytes]) -> tuple[Any, ...]:
    inner = typing.get_args(kind)
    if typing.get_origin(kind) is not tuple or not inner:
        raise TypeError(f"no way to carry {kind}")
    items = _plain(list, value)
    if inner[-1] is Ellipsis:
        inner = inner[:1] * len(items)
    return tuple(unpack(hint, item, read) for hint, item in zip(inner, items, strict=True))


@cache
def _hints(kind: type) -> tuple[Any, ...]:
    hints = typing.get_type_hints(kind)
    names = [field.name for field in fields(kind)] if is_dataclass(kind) else kind._fields  # type: ignore[attr-defined]
    return tuple(hints[name] for name in names)
