"""A disk of its own for a desk under trial, small enough to be filled."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import time
from pathlib import Path

MEGABYTES = 1500


class Disk:
    """`home` lies on a file system made for it where that is possible (root, loop devices): when it is full it is full
    for PostgreSQL too. Elsewhere "full" means that the processes named may write no file (RLIMIT_FSIZE)."""

    def __init__(self, folder: Path, may_mount: bool) -> None:
        self.home, self._image = folder / "desk", folder / "disk.img"
        self.home.mkdir()
        self.is_mounted = may_mount and self._mount()
        self.home.chmod(0o711)  # as root, PostgreSQL's own account has to pass
        self._held: list[int] = []

    def _mount(self) -> bool:
        if os.geteuid() != 0 or not shutil.which("mkfs.ext4"):
            return False
        with self._image.open("wb") as image:
            image.truncate(MEGABYTES * 1024 * 1024)
        make = ["mkfs.ext4", "-q", "-m", "0", "-E", "lazy_itable_init=1", str(self._image)]
        mount = ["mount", "-o", "loop", str(self._image), str(self.home)]
        return all(subprocess.run(step, capture_output=True, check=False).returncode == 0 for step in (make, mount))

    def unmount(self) -> None:
        if self.is_mounted:
            for _ in range(50):  # a process that has just been killed may still be leaving
                if subprocess.run(["umount", str(self.home)], capture_output=True, check=False).returncode == 0:
                    break
                time.sleep(0.1)
            else:
                subprocess.run(["umount", "--lazy", str(self.home)], check=False)
            self.is_mounted = False
        self._image.unlink(missing_ok=True)

    def fill(self, pids: list[int]) -> None:
        if not self.is_mounted:
            self._held = pids
            _limit(pids, 0)
            return
        with (self.home / "ballast").open("wb") as ballast:
            for size in (16 * 1024 * 1024, 1024 * 1024, 4096):
                _fill(ballast.fileno(), size)

    def clear(self) -> None:
        (self.home / "ballast").unlink(missing_ok=True)
        _limit(self._held, resource.RLIM_INFINITY)
        self._held = []


def _fill(file: int, step: int) -> None:
    try:
        while True:
            os.posix_fallocate(file, os.fstat(file).st_size, step)
    except OSError:
        return


def _limit(pids: list[int], size: int) -> None:
    for pid in pids:
        try:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]))
        except (ProcessLookupError, PermissionError):
            continue
