import os
from pathlib import Path

import pytest

from tests import factories

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of real-world mails; the test is skipped where there is none."""
    folder = Path(os.environ.get("CORPORA") or ROOT.parent / "shared" / "corpora")
    if not (folder / "email").is_dir():
        pytest.skip(f"no corpora at {folder}: set CORPORA")
    return folder


@pytest.fixture
def eml():
    """Raw bytes of one of our own example mails."""
    return lambda name: (ROOT / "tests" / "eml" / f"{name}.eml").read_bytes()


@pytest.fixture
def mailbox(db):
    """support@desk.example, the default sender, routed to a department of its own."""
    department = factories.department("Support")
    box = factories.mailbox(department, address="support@desk.example", display_name="Acme Support", is_default=True)
    department.mailbox = box
    department.save(update_fields=["mailbox"])
    return box


@pytest.fixture(autouse=True)
def outbox_folder(settings, tmp_path):
    settings.OUTBOX_DIR = tmp_path / "outbox"
