import pytest

from tickets.mail.addresses import Address, is_address, read


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"a@example.com", [("", "a@example.com")]),
        (b"a@EXAMPLE.com (Ana)", [("Ana", "a@example.com")]),
        (b'"x@evil.example" <a@example.com>', [("x@evil.example", "a@example.com")]),
        (b'"a, \\"b\\" <c@d.example>" <a@example.com>', [('a, "b" <c@d.example>', "a@example.com")]),
        (
            b"=?utf-8?q?Grey,_Ana?= <a@example.com>, b@example.com",
            [("Grey, Ana", "a@example.com"), ("", "b@example.com")],
        ),
        (b"list: a@example.com, b@example.com;", [("", "a@example.com"), ("", "b@example.com")]),
        (b"<@relay.example:a@example.com>", [("", "a@example.com")]),
        (b"nobody", []),
        (b"a@b@example.com", []),
        (b"undisclosed-recipients:;", []),
    ],
)
def test_address_lists(raw, expected):
    assert [(a.name, a.email) for a in read([raw])] == expected


@pytest.mark.parametrize(
    "text", ["", "a", "@b.example", "a@", "a@b", "a..b@c.example", "a@-b.example", "a\n@b.example", "a@[127.0.0.1]"]
)
def test_what_is_no_address(text):
    assert not is_address(text)


def test_a_name_that_claims_another_address_misleads():
    assert Address("boss@corp.example", "x@evil.example").misleading
    assert not Address("a@corp.example", "a@corp.example").misleading
    assert not Address("Ana Costa", "a@corp.example").misleading
