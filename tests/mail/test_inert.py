import pytest

from tickets.mail import inert
from tickets.mail.html_text import clean_html

LINK = '<a href="https://a.example/?b=1&amp;c" target="_blank" rel="noopener noreferrer nofollow">x</a>'


@pytest.mark.parametrize(
    "html",
    [
        "",
        "words &amp; more &gt; less",
        f'<p title="it\'s">{LINK}<br><b>x</b></p>',
        '<table align="left"><tbody><tr><td colspan="2">x</td></tr></tbody></table>',
        '<img src="cid:a@b" alt="" width="10%"><img data-blocked="http://a.example/p.png">',
    ],
)
def test_what_cleaning_makes_passes(html):
    inert.check(html)
    assert clean_html(html, with_cid=True) == html


@pytest.mark.parametrize(
    "html",
    [
        "<script>x</script>", "<b>x", "x</b>", "<b><i>x</b></i>", "</div><div>", "<", "a < b", "<B>x</B>", "<b >x</b>",
        '<b title="x"id="y">x</b>', "<!-- x -->", "<!DOCTYPE html>", "<?x?>",
        "<svg></svg>", "<math></math>", "<form></form>", "<style></style>",
        "<b x=1>x</b>", "<b onclick=\"x\">x</b>", "<b title='x'>x</b>", '<b title="<">x</b>',
        '<b\ntitle="x">x</b>', '<b id="x">x</b>', '<b style="x">x</b>', '<b title="x>x</b>', "<br></br>", "<img/>",
        '<a href="javascript:x">x</a>', '<a href=" https://x">x</a>', '<a href="/staff/">x</a>',
        '<a href="&#104;ttps:x">x</a>', '<a target="_top">x</a>', '<a rel="opener">x</a>',
        '<img src="https://a.example/p.png">', '<img src="/attachments/1/">', '<img src="data:image/png,x">',
        '<img src="x" onerror="y">', '<img data-blocked="javascript:x">', '<td colspan="99999999">x</td>', "nul \0",
        "x" * (inert.MAX_LENGTH + 1),
    ],
)  # fmt: skip
def test_anything_else_does_not(html):
    with pytest.raises(inert.NotInert):
        inert.check(html)


def test_pictures_get_our_address_and_others_lose_their_source():
    html = clean_html(
        '<img src="cid:a@b"><img src="CID:<c%40d>" alt="c"><img src="cid:gone"><p title="src=cid:a@b">x</p>'
        '<p title=\' src="cid:a@b"\'>cid:a@b src="cid:a@b"</p>',
        with_cid=True,
    )
    inert.check(html)
    shown = inert.with_pictures(html, {"a@b": "/attachments/1/", "c@d": "/attachments/2/"})
    assert shown.startswith(
        '<img src="/attachments/1/"><img src="/attachments/2/" alt="c"><img><p title="src=cid:a@b">'
    )
    assert 'title=" src=&quot;cid:a@b&quot;"' in shown
    assert shown.endswith('>cid:a@b src="cid:a@b"</p>')
