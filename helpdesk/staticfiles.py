"""Static files for production: hashed, compressed, and each page's styles and scripts in one file.

In development a browser loads static/css/portal.css and follows its @import lines, and static/js/portal.js and its
imports. collectstatic writes those lines' contents into the entry files, so that a page costs one request for
styles and one for scripts, with no build step.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

STYLE_IMPORT = re.compile(r'^@import "(?P<path>[^"]+)" layer\((?P<layer>[\w-]+)\);$', re.M)
SCRIPT_IMPORT = re.compile(r'^import "\./(?P<path>[^"]+)";$', re.M)

ENTRIES = ("css/portal.css", "css/staff.css", "js/portal.js", "js/staff.js")


def bundle(name: str, read: Callable[[str], str]) -> str:
    """The text of entry file `name` with each imported part in its place; `read` gives a file's text by name.

    A style keeps its cascade layer. A script becomes a block, which keeps its names to itself: parts therefore
    export nothing and import nothing.
    """
    folder = PurePosixPath(name).parent

    def style(found: re.Match[str]) -> str:
        return f"@layer {found['layer']} {{\n{read(str(folder / found['path']))}}}"

    def script(found: re.Match[str]) -> str:
        return f"{{\n{read(str(folder / found['path']))}}}"

    if name.endswith(".css"):
        return STYLE_IMPORT.sub(style, read(name))
    return SCRIPT_IMPORT.sub(script, read(name))


class StaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Writes the entry files with their parts inside before names are hashed."""

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        if not dry_run:
            for name in ENTRIES:
                if name in paths:
                    self._write_bundle(name, paths)
        yield from super().post_process(paths, dry_run=dry_run, **options)

    def _write_bundle(self, name: str, paths: dict[str, Any]) -> None:
        def read(part: str) -> str:
            storage, path = paths[part]
            with storage.open(path) as file:
                return file.read().decode()

        text = bundle(name, read)
        self.delete(name)
        self._save(name, ContentFile(text.encode()))
        paths[name] = (self, name)
