"""`launch PART MODULE ARGUMENTS`: runs a part of the desk that can be made to die at its points."""

from __future__ import annotations

import runpy
import sys

import django

from tests.chaos import points


def main() -> None:
    part, module, *arguments = sys.argv[1:]
    django.setup()
    points.wrap(part)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
