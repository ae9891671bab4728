"""One more row of each model that the admin shows; keys are the names in its addresses."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from tests import factories, people
from tickets.models import (
    Absence,
    ApiToken,
    CannedFolder,
    CannedResponse,
    Department,
    DkimKey,
    ErasureRequest,
    Holiday,
    InboundEmail,
    MailRelay,
    MailWording,
    Membership,
    Message,
    OAuthGrant,
    OutboundEmail,
    Permission,
    PortalText,
    RecurringTicket,
    Role,
    Skill,
    SlaChoice,
    Status,
    Tag,
    Ticket,
    TicketEvent,
    Webhook,
    WebhookDelivery,
)
from tickets.secrets import seal

_count = itertools.count(1)


def business_hours() -> Any:
    hours = factories.business_hours()
    Holiday.objects.create(business_hours=hours, date="2026-12-25", name="Christmas")
    hours.dates.create(date="2026-12-24", opens="09:00", closes="12:00", name="Christmas Eve")
    return hours


def sla_policy() -> Any:
    policy = factories.sla_policy(business_hours=business_hours())
    policy.by_priority.create(priority=3, first_response_minutes=5)
    policy.escalations.create(amount=5, effect="tell_agent", agent=people.agent(), team=people.team())
    return policy


def sla_choice() -> SlaChoice:
    tag = Tag.objects.create(name=f"tag {next(_count)}")
    where = {"department": factories.department(), "help_topic": help_topic(), "organization": people.organization()}
    return SlaChoice.objects.create(policy=sla_policy(), tag=tag, source="web", priority=2, **where)


def department() -> Department:
    made = factories.department(sla_policy=sla_policy())
    made.mailbox = factories.mailbox(made)
    made.save()
    return made


def help_topic() -> Any:
    """Three levels deep, with everything that a row shows."""
    above = factories.help_topic(department(), parent=factories.help_topic(factories.department()))
    person = people.agent()
    return factories.help_topic(department(), parent=above, team=people.team(person), assignee=person)


def ticket() -> Ticket:
    agent = people.agent(where := department())
    made = factories.ticket_in("open", agent, department=where, help_topic=help_topic())
    Ticket.objects.filter(pk=made.pk).update(status=status())
    return made


def user() -> Any:
    agent = people.agent(department(), department(), organization=people.organization())
    people.team(agent)
    return agent


def role() -> Role:
    return Role.objects.create(name=f"Role {next(_count)}", permissions=[Permission.VIEW, Permission.REPLY])


def membership() -> Membership:
    return Membership.objects.create(user=people.agent(), department=factories.department(), role=role())


def status() -> Status:
    number = next(_count)
    return Status.objects.create(state="open", slug=f"status-{number}", label=f"Waiting {number}")


def api_token() -> ApiToken:
    token = ApiToken(name=f"Token {next(_count)}", user=people.agent())
    token.set_new_secret()
    token.save()
    return token


def inbound() -> InboundEmail:
    number = next(_count)
    return InboundEmail.objects.create(
        mailbox=factories.mailbox(factories.department()), ticket=ticket(), sender="grace@customers.example",
        subject="Hello", source="smtp", raw_sha256="0" * 64, raw_size=7, delivery_key=f"{number:064}",
    )  # fmt: skip


def oauth_grant() -> OAuthGrant:
    number = next(_count)
    return OAuthGrant.objects.create(
        name=f"Grant {number}", provider="google", account=f"box{number}@desk.example", client_id="desk",
        client_secret=seal("canary-secret"), refresh_token=seal("canary-refresh"),
    )  # fmt: skip


def mail_relay() -> MailRelay:
    number = next(_count)
    return MailRelay.objects.create(
        name=f"Relay {number}", host="smtp.desk.example", user="desk", password=seal("canary-password"),
        grant=oauth_grant(),
    )  # fmt: skip


def dkim_key() -> DkimKey:
    domain = f"desk{next(_count)}.example"
    return DkimKey.objects.create(domain=domain, private_key=seal("canary-key"), public_key="MII")


def outbound() -> OutboundEmail:
    return OutboundEmail.objects.create(
        kind="account", ticket=ticket(), recipient="grace@customers.example", rfc_message_id=f"<{next(_count)}@x>",
        context={"subject": "s", "text": "https://desk.example/canary-link"},
    )  # fmt: skip


def canned_folder() -> CannedFolder:
    above = CannedFolder.objects.create(name=f"Folder {next(_count)}")
    return CannedFolder.objects.create(name="Inner", parent=above)


def canned_response() -> CannedResponse:
    made = CannedResponse.objects.create(
        title=f"Response {next(_count)}", body="Hello {{ requester.name }}", folder=canned_folder(), team=people.team()
    )
    made.translations.create(language="de", body="Hallo")
    made.attachments.create(name="map.pdf", content_type="application/pdf", size=5, sha256="0" * 64)
    return made


def recurring() -> RecurringTicket:
    return RecurringTicket.objects.create(
        name=f"Backup {next(_count)}", requester=people.customer(), department=factories.department(),
        subject="Check the backup", body="Please look.", starts_on="2026-01-01",
    )  # fmt: skip


def webhook() -> Webhook:
    return Webhook.objects.create(
        name=f"Webhook {next(_count)}", url="https://hooks.example/x", sealed_secret=seal("x")
    )


def skill() -> Skill:
    made = Skill.objects.create(name=f"Skill {next(_count)}", tags=["vpn"])
    made.agents.add(people.agent())
    made.topics.add(help_topic())
    return made


ROWS: dict[str, Callable[[], Any]] = {
    "absence": lambda: Absence.objects.create(user=people.agent(), delegate=people.agent()),
    "apitoken": api_token,
    "businesshours": business_hours,
    "cannedfolder": canned_folder,
    "cannedresponse": canned_response,
    "category": lambda: factories.category(parent=factories.category()),
    "department": department,
    "erasurerequest": lambda: ErasureRequest.objects.create(user=people.customer()),
    "helptopic": help_topic,
    "dkimkey": dkim_key,
    "inboundemail": inbound,
    "mailbox": lambda: factories.mailbox(factories.department(), help_topic=help_topic()),
    "mailrelay": mail_relay,
    "mailwording": lambda: MailWording.objects.create(
        kind="closed", language=f"x{next(_count)}", subject="s", body="b"
    ),
    "message": lambda: Message.objects.filter(ticket=ticket()).get(),
    "oauthgrant": oauth_grant,
    "organization": lambda: people.organization(domains=["acme.example", "acme.test"]),
    "outboundemail": outbound,
    "portaltext": lambda: PortalText.objects.create(place="thanks", language=f"x{next(_count)}", html="<p>Hi</p>"),
    "recurringticket": recurring,
    "role": role,
    "skill": skill,
    "slachoice": sla_choice,
    "slapolicy": sla_policy,
    "status": status,
    "tag": lambda: Tag.objects.create(name=f"tag {next(_count)}"),
    "team": lambda: people.team(people.agent(), people.agent()),
    "ticket": ticket,
    "ticketevent": lambda: TicketEvent.objects.filter(ticket=ticket()).first(),
    "user": user,
    "webhook": webhook,
    "webhookdelivery": lambda: WebhookDelivery.objects.create(webhook=webhook(), ticket=ticket(), body="{}"),
}
