import os
from pathlib import Path

import pytest

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
