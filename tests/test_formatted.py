"""Light formatting of typed text: what the marks become, and that nothing else gets through."""

from __future__ import annotations

import pytest

from tickets.formatted import as_html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one\ntwo\n\nthree", "<p>one<br>two</p><p>three</p>"),
        ("**bold** and *soft*, `a < b`", "<p><strong>bold</strong> and <em>soft</em>, <code>a &lt; b</code></p>"),
        ("Bring:\n- pen\n- *paper*", "<p>Bring:</p><ul><li>pen</li><li><em>paper</em></li></ul>"),
        ("1. first\n2) second\nend", "<ol><li>first</li><li>second</li></ol><p>end</p>"),
        ("2 * 3 * 4, a*b*c and ** no **", "<p>2 * 3 * 4, a*b*c and ** no **</p>"),
        ("-5 degrees", "<p>-5 degrees</p>"),
        ("", ""),
        ("\n \n", ""),
    ],
)
def test_marks(text: str, html: str) -> None:
    assert as_html(text) == html


def test_addresses_are_links_that_nobody_is_rewarded_for() -> None:
    assert 'href="https://desk.example/a*b*c"' in as_html("See https://desk.example/a*b*c")
    assert "nofollow" in as_html("https://desk.example")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "**<img src=x onerror=alert(1)>**",
        "`</code><svg onload=alert(1)>`",
        "javascript://%0aalert(1)",
        'https://a.example/"onmouseover="alert(1)',
    ],
)
def test_html_is_shown_as_text(text: str) -> None:
    html = as_html(text)
    assert "<script" not in html
    assert "<img" not in html
    assert "<svg" not in html
    assert 'href="javascript' not in html
    assert 'onmouseover="' not in html


@pytest.mark.parametrize("mark", ["*", "`", "_"])
def test_marks_without_an_end_stay(mark: str) -> None:
    """Thousands of them, which a careless pattern would try in every pairing."""
    text = (mark * 20_000)[:20_000]
    assert as_html(text[:19_999] + " ") == f"<p>{text[:19_999]} </p>"
