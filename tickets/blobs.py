"""Bytes under their own SHA-256: attachments and raw mail. Names people chose never become paths.

On a local disk a blob is on the platter (fsync of file and folder) before `put` returns, so a database row that
names it can never outlive it. On S3 the service gives the same promise.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tempfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import Storage


class TooLarge(Exception):
    """More bytes came than may be kept; nothing was."""


def put(chunks: bytes | Iterable[bytes], *, longest: int | None = None) -> tuple[str, int]:
    """Stores the bytes and returns (SHA-256 in hex, size in bytes). Storing the same bytes again is free.

    Raises TooLarge when more than `longest` bytes come.
    """
    if isinstance(chunks, bytes):
        return _put_bytes(chunks, longest)
    with tempfile.SpooledTemporaryFile(max_size=1024 * 1024, dir=spool_folder()) as spool:
        digest, size = hashlib.sha256(), 0
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            if longest is not None and size > longest:
                raise TooLarge
            spool.write(chunk)
        spool.seek(0)
        return _store(digest.hexdigest(), spool), size


def spool_folder() -> str | None:
    """Where bytes may wait on a disk: beside the blobs, since /tmp is often memory. None is the system's choice."""
    place = urlsplit(settings.STORAGE_URL)
    folder = Path(unquote(place.path))
    return str(folder) if place.scheme == "file" and folder.is_dir() else None


def _put_bytes(content: bytes, longest: int | None) -> tuple[str, int]:
    if longest is not None and len(content) > longest:
        raise TooLarge
    return _store(hashlib.sha256(content).hexdigest(), io.BytesIO(content)), len(content)


def _store(sha256: str, content: IO[bytes]) -> str:
    if urlsplit(settings.STORAGE_URL).scheme == "file":
        _put_on_disk(_path(sha256), content)
    elif not _bucket().exists(_key(sha256)):
        _bucket().save(_key(sha256), File(content))
    return sha256


def open_blob(sha256: str) -> IO[bytes]:
    """The stored bytes as a file; FileNotFoundError when there are none."""
    if urlsplit(settings.STORAGE_URL).scheme == "file":
        return _path(sha256).open("rb")
    return _bucket().open(_key(sha256))


def read(sha256: str) -> bytes:
    with contextlib.closing(open_blob(sha256)) as blob:
        return blob.read()


def drop(sha256: str, *, unused_since: datetime) -> None:
    """Deletes the bytes, unless somebody stored the same after `unused_since`. The caller knows that nothing names
    them; whoever is about to has just stored them, so that the two cannot miss each other."""
    if urlsplit(settings.STORAGE_URL).scheme == "file":
        _drop_from_disk(_path(sha256), unused_since.timestamp())
    elif _bucket().exists(_key(sha256)) and _bucket().get_modified_time(_key(sha256)) < unused_since:
        _bucket().delete(_key(sha256))


def _drop_from_disk(path: Path, unused_since: float) -> None:
    """Out of the way first: who stores the same from now on writes it anew, who did before has left a fresh date."""
    aside = path.with_name(f".old-{path.name}")
    with contextlib.suppress(FileNotFoundError):
        os.replace(path, aside)
        if aside.stat().st_mtime < unused_since:
            aside.unlink()
        else:
            os.replace(aside, path)


def _put_on_disk(path: Path, spool: IO[bytes]) -> None:
    if path.exists():
        with contextlib.suppress(FileNotFoundError):
            os.utime(path)  # it is here already; `drop` sees that it is wanted
            return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            while chunk := spool.read(1024 * 1024):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _path(sha256: str) -> Path:
    root = Path(unquote(urlsplit(settings.STORAGE_URL).path))
    return root / _key(sha256)


def _key(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def _bucket() -> Storage:
    from storages.backends.s3 import S3Storage  # the only user of S3; needs boto3

    return S3Storage(bucket_name=urlsplit(settings.STORAGE_URL).hostname)


__all__ = ["drop", "open_blob", "put", "read"]
