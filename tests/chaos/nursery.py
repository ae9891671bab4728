"""Starts the parts of the desk as `bin/run` does, by forking them from one process that has loaded everything; so one
that was killed is back in a moment. Orders come line by line on standard input, answers go the other way."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from helpdesk import parts


def main() -> None:
    logs = Path(sys.argv[1])
    parts.load()
    running: dict[str, parts.Part] = {}
    _say("ready")
    for line in sys.stdin:
        order = json.loads(line)
        _say([order["number"], _obey(order, running, logs)])
    for part in running.values():
        _kill(part)


def _obey(order: dict[str, Any], running: dict[str, parts.Part], logs: Path) -> Any:
    name = order["part"]
    if order["do"] == "start":
        part = running[name] = parts.Part(name, order["command"], logs)
        part.start()
        assert part.process
        return part.process.pid
    if name not in running:
        return False
    if order["do"] == "kill":
        return _kill(running[name])
    process = running[name].process
    return bool(process and process.is_alive())


def _kill(part: parts.Part) -> bool:
    """SIGKILL for all of its session; True when it was still alive."""
    assert part.process
    was_alive = part.process.is_alive()
    if was_alive:
        part.kill_group()
    part.process.join()
    return was_alive


def _say(what: Any) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main()
