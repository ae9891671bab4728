import pytest

from tests import factories
from tests.mail.dns_stub import DnsStub
from tickets.mail import domains
from tickets.models import DkimKey

pytestmark = pytest.mark.django_db
DOMAIN = "desk.example"


@pytest.fixture
def dns(settings):
    stub = DnsStub()
    settings.DNS_RESOLVER = stub.address
    yield stub
    stub.stop()


@pytest.fixture
def key():
    return DkimKey.objects.create(domain=DOMAIN, selector="desk", public_key="MII" + "A" * 389)


def found(domain: str = DOMAIN) -> dict[str, domains.Finding]:
    return {finding.topic: finding for finding in domains.check(domain)}


def test_a_domain_where_all_is_well(dns, key):
    DkimKey.objects.update(is_enabled=True)
    dns.txt(DOMAIN, "google-site-verification=x", "v=spf1 include:relay.example -all")
    dns.txt(f"desk._domainkey.{DOMAIN}", key.record)
    dns.txt(f"_dmarc.{DOMAIN}", "v=DMARC1; p=reject")
    dns.records[DOMAIN, "MX"] = ["10 mx.desk.example."]
    assert [finding.topic for finding in found().values()] == ["SPF", "DKIM", "DMARC", "MX"]
    assert {finding.status for finding in found().values()} == {"ok"}
    assert found()["MX"].text == "mx.desk.example"


def test_what_is_missing_stands_there_as_it_has_to_be_added(dns, key):
    said = found()
    assert {finding.status for finding in said.values()} == {"missing"}
    assert (said["DKIM"].name, said["DKIM"].value) == ("desk._domainkey.desk.example", key.record)
    for finding in (said["SPF"], said["DKIM"], said["DMARC"]):
        dns.txt(finding.name, finding.value)
    assert {topic for topic, finding in found().items() if finding.status != "ok"} == {"MX"}


@pytest.mark.parametrize(
    ("topic", "name", "records"),
    [
        ("SPF", DOMAIN, ["v=spf1 mx -all", "v=spf1 a -all"]),
        ("SPF", DOMAIN, ["v=spf1 mx +all"]),
        ("SPF", DOMAIN, ["v=spf1 mx all"]),
        ("DKIM", f"desk._domainkey.{DOMAIN}", ["v=DKIM1; k=rsa; p=MIIB"]),
        ("DKIM", f"desk._domainkey.{DOMAIN}", ["v=DKIM1; p="]),
        ("DMARC", f"_dmarc.{DOMAIN}", ["v=DMARC1; p=none", "v=DMARC1; p=reject"]),
        ("DMARC", f"_dmarc.{DOMAIN}", ["v=DMARC1; rua=mailto:a@b.example"]),
    ],
)
def test_what_is_wrong_is_called_so(dns, key, topic, name, records):
    dns.txt(name, *records)
    assert found()[topic].status == "wrong"


def test_a_subdomain_goes_by_the_rule_above_it(dns):
    dns.txt("_dmarc.desk.example", "v=DMARC1; p=none; sp=reject")
    assert found("support.desk.example")["DMARC"].status == "ok"


def test_without_a_key_it_may_be_the_relay_that_signs(dns):
    assert found()["DKIM"].status == "unknown"


def test_a_key_that_is_published_but_not_in_use(dns, key):
    dns.txt(f"desk._domainkey.{DOMAIN}", key.record)
    assert "Switch signing on" in found()["DKIM"].text


def test_without_an_answer_it_says_so_and_soon(dns, monkeypatch):
    monkeypatch.setattr(domains, "_SECONDS", 0.2)
    dns.is_mute = True
    with pytest.raises(domains.Unreachable):
        domains.check(DOMAIN)


def test_ours_are_the_domains_of_mailboxes_and_settings(settings):
    settings.DEFAULT_FROM_EMAIL = "support@Main.example"
    department = factories.department()
    factories.mailbox(department, address="a@Shop.example")
    factories.mailbox(department, address="b@shop.example")
    factories.mailbox(department, address="c@off.example", is_enabled=False)
    factories.mailbox(department, address="d@localhost")
    assert set(domains.ours()) == {"shop.example", "main.example"}
