from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tickets.management import rule_files as files
from tickets.models import SYSTEM


class Command(BaseCommand):
    help = (
        "Rules as a YAML file. export prints them; plan shows what import would change; import takes all of them or "
        "none. Rules that the file does not name stay as they are."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("deed", choices=["export", "import", "plan"])
        parser.add_argument("file", nargs="?", default="-", help="the file; - or nothing for the standard streams")

    def handle(self, *args: Any, deed: str, file: str, **options: Any) -> None:
        if deed == "export":
            return self._export(file)
        try:
            entries = files.read(sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8"))
            found = files.differences(entries) if deed == "plan" else files.take(entries, by=SYSTEM)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file} cannot be read: {error}") from error
        except files.Unreadable as refusal:
            raise CommandError(str(refusal)) from refusal
        for one in found:
            self._tell(one, with_new=deed == "plan")
        if all(one.what == "same" for one in found):
            self.stdout.write("nothing to do")
        return None

    def _tell(self, one: files.Difference, *, with_new: bool) -> None:
        if one.what == "same":
            return
        self.stdout.write(f"{one.what:8} {one.kind}" + (f" “{one.name}”" if one.name else ""))
        if one.what != "new" or with_new:
            self.stdout.write(one.diff)

    def _export(self, file: str) -> None:
        text = files.exported()
        if file == "-":
            self.stdout.write(text, ending="")
            return
        try:
            Path(file).write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error}") from error
