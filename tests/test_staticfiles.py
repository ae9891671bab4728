"""The entry files of styles and scripts, as collectstatic writes them."""

import re
from pathlib import Path

import pytest

from helpdesk.staticfiles import ENTRIES, bundle

STATIC = Path(__file__).resolve().parent.parent / "static"


def read(name: str) -> str:
    return (STATIC / name).read_text()


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_file_takes_in_every_part_that_it_names(name):
    text = bundle(name, read)
    assert "@import" not in text
    assert not re.search(r"^import ", text, re.M)
    for part in re.findall(r'"(?:\./)?([\w/-]+\.(?:css|js))"', read(name)):
        assert read(str(Path(name).parent / part)) in text


def test_a_style_keeps_its_layer():
    files = {"css/a.css": '@layer base;\n@import "b.css" layer(base);\n', "css/b.css": "p { margin: 0; }\n"}
    assert bundle("css/a.css", files.__getitem__) == "@layer base;\n@layer base {\np { margin: 0; }\n}\n"


def test_scripts_keep_their_names_to_themselves():
    files = {
        "js/a.js": 'import "./b.js";\nimport "./c.js";\n',
        "js/b.js": "const X = 1;\n",
        "js/c.js": "const X = 2;\n",
    }
    assert bundle("js/a.js", files.__getitem__) == "{\nconst X = 1;\n}\n{\nconst X = 2;\n}\n"


@pytest.mark.parametrize("part", sorted((STATIC / "js").glob("*.js")), ids=lambda path: path.name)
def test_script_parts_stand_alone_and_stay_short(part):
    text = part.read_text()
    assert not re.search(r"^export\b", text, re.M)
    assert f"js/{part.name}" in ENTRIES or not re.search(r"^import\b", text, re.M)
    assert len(text.splitlines()) <= 120


def test_styles_stay_within_their_budget_and_load_nothing():
    sheets = [path.read_text() for path in (STATIC / "css").rglob("*.css")]
    assert all(len(text.splitlines()) <= 200 for text in sheets)
    assert sum(len(text.splitlines()) for text in sheets) <= 4000
    assert not any("url(" in text for text in sheets)
