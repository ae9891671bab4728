"""The one Celery worker of a desk on one machine: tasks, the schedule and their time limit in a single process.

`python -m helpdesk.worker SCHEDULE_FILE`. Where several workers share the work (docker-compose.yml), they are Celery's
own commands. A task that hangs cannot be interrupted from within: the watch ends the process, whoever started it
starts it again, and the row that hung is found by its sweep.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time

from celery.beat import EmbeddedService
from celery.signals import task_postrun, task_prerun, worker_ready

from helpdesk.celery import app

log = logging.getLogger(__name__)

_LOOK_SECONDS = 5.0


class Watch:
    """Ends this process when one task takes longer than it may."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._task, self._since = "", 0.0

    def begin(self, task: object = None, **_: object) -> None:
        self._task, self._since = getattr(task, "name", ""), time.monotonic()

    def end(self, **_: object) -> None:
        self._since = 0.0

    def look(self) -> None:
        """Never returns; to be run on a thread of its own."""
        while True:
            time.sleep(min(_LOOK_SECONDS, self.seconds))
            since = self._since
            if since and time.monotonic() - since > self.seconds:
                log.critical("%s took more than %s seconds; the worker ends and begins anew", self._task, self.seconds)
                os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    watch = Watch(float(app.conf.task_time_limit))
    task_prerun.connect(watch.begin, weak=False)
    task_postrun.connect(watch.end, weak=False)
    schedule = EmbeddedService(app, thread=True, schedule_filename=sys.argv[1])
    worker_ready.connect(lambda **_: schedule.start(), weak=False)
    threading.Thread(target=watch.look, name="watch", daemon=True).start()
    os.environ["CELERY_SKIP_CHECKS"] = "1"  # they load every page: web, lint and tests run them
    worker = app.Worker(
        pool="solo", concurrency=1, loglevel="INFO", without_gossip=True, without_mingle=True, without_heartbeat=True
    )
    worker.start()
    if schedule.is_alive():
        schedule.stop()
    sys.exit(worker.exitcode or 0)


if __name__ == "__main__":
    main()
