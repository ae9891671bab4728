import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.mail import authentication
from tickets.mail.authentication import Result, Trust, judge, parse, trusted
from tickets.mail.parse import parse as parse_mail

OURS = trusted("mx.desk.example")
ANA = "ana@customers.example"


def verdict(*fields: str, address: str = ANA, trust: Trust = OURS) -> str:
    """Of a mail whose header is these fields, topmost first; a value without a name is Authentication-Results."""
    lines = [one if one.startswith(("Received:", "From:")) else f"Authentication-Results: {one}" for one in fields]
    mail = "\r\n".join([*lines, f"From: {address}", "", "x"]).encode()
    return judge(parse_mail(mail).headers, address, trust).value


class TestParse:
    def test_as_others_read_it(self, corpora):
        cases = json.loads((corpora / "expectations" / "authentication_results_go_msgauth.json").read_text())["cases"]
        for case in cases:
            found = parse(case["input"])
            assert (found.authserv_id if found else "") == case["authserv_id"]
            assert len(found.results if found else ()) == case["asserts"][0].count("&")

    def test_methods_values_and_properties(self):
        found = parse(
            'mx.desk.example 1;\r\n dkim/1 = pass (2048-bit key; "unprotected" \\) ) header.d=a.example'
            ' header.b="x;y";\r\n\tdmarc=fail (p=NONE sp=NONE) header.from=B.example; none'
        )
        assert found.authserv_id == "mx.desk.example"
        dkim, dmarc = found.results
        assert (dkim.method, dkim.value) == ("dkim", "pass")
        assert dkim.properties == {"header.d": "a.example", "header.b": "x;y"}
        assert dmarc == Result("dmarc", "fail", {"header.from": "B.example"}, "p=NONE sp=NONE")

    @pytest.mark.parametrize("text", ["", ";;;", "spf=pass smtp.mailfrom=a.example", "(((", '"', "\\"])
    def test_what_has_no_form_has_no_results(self, text):
        found = parse(text)
        assert found is None or found.results == ()

    @given(st.text(max_size=300))
    def test_takes_any_text(self, text):
        parse(text)

    def test_is_bounded(self):
        found = parse("a.example;" + "spf=pass;" * 100_000)
        assert len(found.results) == 50
        parse("(" * 1_000_000)


class TestWhoseWordCounts:
    PASS = "mx.desk.example; dmarc=pass (p=reject) header.from=customers.example"

    def test_our_own_servers_on_top(self):
        assert verdict(self.PASS) == "verified"
        assert verdict(self.PASS.upper().replace("DMARC=PASS", "dmarc=pass")) == "verified"

    def test_nobodys_while_no_name_is_set(self):
        assert verdict(self.PASS, trust=trusted("")) == "unknown"

    def test_not_another_servers(self):
        assert verdict(self.PASS.replace("mx.", "evil.")) == "unknown"

    def test_not_below_a_received_field(self):
        assert verdict("Received: from evil.example by mx.desk.example", self.PASS) == "unknown"

    def test_one_below_does_not_undo_the_one_on_top(self):
        forged = "mx.desk.example; dmarc=fail header.from=customers.example"
        assert verdict(self.PASS, "Received: from a by b", forged) == "verified"

    def test_below_the_providers_own_received_fields_if_the_desk_says_so(self):
        trust, hop = trusted("mx.desk.example", 1), "Received: by 2002:a05:0:b0"
        assert verdict(hop, self.PASS, trust=trust) == "verified"
        assert verdict(hop, hop, self.PASS, trust=trust) == "unknown"
        none = "mx.desk.example; dmarc=none header.from=customers.example"
        assert verdict(hop, none, self.PASS, trust=trust) == "unknown"

    def test_several_names(self):
        assert verdict(self.PASS, trust=trusted("mx2.desk.example, MX.desk.example")) == "verified"


class TestVerdict:
    @pytest.mark.parametrize(
        ("results", "expected"),
        [
            ("dmarc=pass header.from=customers.example", "verified"),
            ("dmarc=pass header.from=evil.example", "unknown"),
            ("dmarc=pass", "unknown"),
            ("dmarc=fail header.from=customers.example", "failed"),
            ("dmarc=fail header.from=customers.example; dkim=pass header.d=customers.example", "failed"),
            ("dmarc=temperror header.from=customers.example", "unknown"),
            ("dmarc=none header.from=customers.example", "unknown"),
            ("dkim=pass header.d=customers.example", "verified"),
            ("dkim=pass header.i=@customers.example", "verified"),
            ("dkim=pass header.d=example", "unknown"),
            ("dkim=pass header.d=omers.example", "unknown"),
            ("dkim=pass header.d=evil.example", "unknown"),
            ("dkim=pass header.d=sub.customers.example", "unknown"),
            ("spf=pass smtp.mailfrom=customers.example", "unknown"),
            ("auth=pass smtp.auth=ana@customers.example", "verified"),
            ("auth=pass smtp.auth=bob@customers.example", "unknown"),
            ("none", "unknown"),
        ],
    )
    def test_takes_a_proof_of_the_authors_own_domain(self, results, expected):
        assert verdict(f"mx.desk.example; {results}") == expected

    def test_a_signature_of_the_domain_above_is_the_owners(self):
        assert verdict("mx.desk.example; dkim=pass header.d=customers.example", address="a@eu.customers.example") == (
            "verified"
        )

    def test_other_alphabets_are_compared_as_dns_writes_them(self):
        field = "mx.desk.example; dmarc=pass header.from=xn--mnchen-3ya.example"
        assert verdict(field, address="ana@münchen.example") == "verified"

    @pytest.mark.parametrize(
        ("said", "policy"),
        [
            ("(p=NONE sp=NONE dis=NONE)", "none"),
            ("(p=REJECT dis=QUARANTINE)", "reject"),
            ("action=oreject", "reject"),
            ("action=none", "none"),
            ("policy.published-domain-policy=quarantine", "quarantine"),
            ("", ""),
        ],
    )
    def test_a_failure_says_what_the_domain_wants(self, said, policy):
        mail = f"Authentication-Results: mx.desk.example; dmarc=fail {said} header.from=customers.example\r\n\r\n"
        found = judge(parse_mail(mail.encode()).headers, ANA, OURS)
        assert (found.value, found.policy, found.is_refused) == (authentication.FAILED, policy, policy != "none")
