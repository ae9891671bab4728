"""The house keeps its shape: who may import whom, two spelling rules, and how long things may get."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TRACKED = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
]
CODE = sorted(
    path
    for path in TRACKED
    if path.suffix == ".py"
    and path.relative_to(ROOT).parts[0] in {"helpdesk", "tickets", "portal", "staff"}
    and "migrations" not in path.parts
    and path.exists()
)

# The first prefix that fits decides. A module imports its own level or lower ones.
LEVELS = [
    ("tickets.states", 0),
    ("tickets.refusals", 0),
    ("tickets.tasks", 0),
    ("tickets.clock", 0),
    ("tickets.compiled", 0),
    ("tickets.saving", 0),
    ("tickets.secrets", 0),
    ("tickets.models", 1),
    ("tickets.migrations", 1),
    ("tickets.actions", 3),
    ("tickets.mail.alerts", 2),
    ("tickets.mail", 4),
    ("tickets.notifications", 4),
    ("tickets.automation.applier", 3),
    ("tickets.automation.running", 3),
    ("tickets.automation.sweeping", 3),
    ("tickets.automation", 2),  # facts in, plan out: asks questions, changes nothing
    ("tickets.reports", 4),
    ("tickets.importers", 4),
    ("tickets.demo", 4),
    ("tickets.api", 5),
    ("tickets.admin", 5),
    ("tickets.management", 5),
    ("tickets.apps", 5),
    ("tickets.checks", 5),
    ("tickets", 2),  # permissions, events, sla, search, queries and what else asks questions
    ("portal", 5),
    ("staff", 5),
    ("helpdesk", 6),
]
OURS = ("helpdesk", "tickets", "portal", "staff")
FACES = ("tickets.api", "portal", "staff")


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def level_of(module: str) -> int:
    return next(level for prefix, level in LEVELS if module == prefix or module.startswith(prefix + "."))


def face_of(module: str) -> str | None:
    return next((face for face in FACES if module == face or module.startswith(face + ".")), None)


def imports(tree: ast.AST) -> Iterator[tuple[str, ast.stmt]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((f"{node.module}.{alias.name}", node) for alias in node.names)


def only_for_types(tree: ast.Module) -> set[ast.stmt]:
    return {
        statement
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for statement in node.body
    }


@pytest.fixture(scope="module")
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text()) for path in CODE}


def test_imports_point_down(trees: dict[Path, ast.Module]) -> None:
    wrong = []
    for path, tree in trees.items():
        module, for_types = module_of(path), only_for_types(tree)
        if module in {"tickets.tasks", "tickets.apps", "helpdesk"}:
            continue  # tasks import their work inside the function; an app's ready() loads its checks
        for target, node in imports(tree):
            if not target.startswith(OURS) or node in for_types:
                continue
            if level_of(target) > level_of(module):
                wrong.append(f"{module} imports {target}")
            if face_of(target) and face_of(module) and face_of(target) != face_of(module):
                wrong.append(f"{module} imports another face: {target}")
    assert wrong == []


def test_imports_stand_at_the_top(trees: dict[Path, ast.Module]) -> None:
    """An import inside a function hides a circle; a third party's optional package may stand there."""
    inline = [
        f"{module_of(path)}:{node.lineno} {target}"
        for path, tree in trees.items()
        if module_of(path) not in {"tickets.tasks", "tickets.apps"}
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        for target, node in imports(function)
        if target.startswith(OURS)
    ]
    assert inline == []


def test_only_models_and_actions_write_the_state(trees: dict[Path, ast.Module]) -> None:
    wrong = []
    for path, tree in trees.items():
        if module_of(path).startswith(("tickets.models", "tickets.actions")):
            continue
        for node in ast.walk(tree):
            if writes_ticket_state(node):
                wrong.append(f"{module_of(path)}:{node.lineno}")
    assert wrong == []


def writes_ticket_state(node: ast.AST) -> bool:
    """`ticket.state = …`, and `update(state=…)` on anything that is not a mail row."""
    if isinstance(node, ast.Assign):
        return any(
            isinstance(target, ast.Attribute)
            and target.attr == "state"
            and "ticket" in ast.unparse(target.value).lower()
            for target in node.targets
        )
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "update":
        return any(keyword.arg == "state" for keyword in node.keywords) and "Ticket" in ast.unparse(node.func)
    return False


def test_only_the_outbox_sends_mail() -> None:
    sending = re.compile(r"\b(smtplib|django\.core\.mail|send_mail\(|EmailMessage\()")
    wrong = [
        module_of(path)
        for path in CODE
        if module_of(path) != "tickets.mail.relay"
        and any(sending.search(line) and "def send_mail" not in line for line in path.read_text().splitlines())
    ]
    assert wrong == []


def test_functions_are_short(trees: dict[Path, ast.Module]) -> None:
    lengths = {
        f"{module_of(path)}.{node.name}": node.end_lineno - node.lineno + 1
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno
    }
    assert {name: lines for name, lines in lengths.items() if lines > 60} == {}
    assert sorted(lengths.values())[int(len(lengths) * 0.9)] <= 25


def test_files_are_short() -> None:
    lengths = {module_of(path): path.read_text().count("\n") for path in CODE}
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}
    assert sorted(lengths.values())[int(len(lengths) * 0.9)] <= 250


@pytest.mark.parametrize(("suffix", "longest"), [(".css", 200), (".html", 150), (".js", 120)])
def test_faces_are_made_of_small_parts(suffix: str, longest: int) -> None:
    ours = [path for path in TRACKED if path.suffix == suffix and path.relative_to(ROOT).parts[0] != "docs"]
    lengths = {str(path.relative_to(ROOT)): path.read_text().count("\n") for path in ours if path.exists()}
    assert {name: lines for name, lines in lengths.items() if lines > longest} == {}


def test_styles_stay_small() -> None:
    total = sum(path.read_text().count("\n") for path in TRACKED if path.suffix == ".css" and path.exists())
    assert total <= 4000


def test_every_decision_has_its_own_number() -> None:
    numbers = [path.name[:4] for path in (ROOT / "docs" / "decisions").glob("*.md")]
    assert len(numbers) == len(set(numbers)), sorted(numbers)
