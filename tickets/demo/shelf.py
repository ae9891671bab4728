"""The knowledge base of the invented company."""

from __future__ import annotations

from typing import NamedTuple

from tickets.actions import articles
from tickets.models import Article, Category, User


class Text(NamedTuple):
    shelf: str
    title: str
    summary: str
    html: str
    audience: str = Article.Audience.PUBLIC
    views: int = 0


SHELVES = {
    "access": ("Sign-in and access", "Passwords, locked accounts, the VPN"),
    "money": ("Invoices and payments", "Corrections, copies, bank details"),
    "building": ("Office and building", "Badges, rooms, post"),
    "agents": ("For agents", "How we work"),
}

TEXTS = (
    Text(
        "money", "Change the address on your invoices", "Two minutes in the billing page; the next invoice has it.",
        "<h2>Where it stands</h2><p>Sign in, open <strong>Billing</strong> and choose <strong>Addresses</strong>.</p>"
        "<h2>Change it</h2><ol><li>Choose <em>Edit</em> beside the invoice address.</li><li>Type the new one. "
        "A VAT number has to fit the country.</li><li>Save.</li></ol>"
        "<h2>Invoices that exist already</h2><p>They cannot be changed. Write to us with their numbers: we cancel "
        "them and send new ones.</p>", views=412,
    ),
    Text(
        "access", "Connect to the VPN after an update", "What to do when the client says that it cannot be reached.",
        "<p>An update of the system sometimes removes the network profile of the client.</p>"
        "<h2>Bring the profile back</h2><ol><li>Close the client.</li><li>Open "
        "<code>vpn.northwind.example/profile</code> in a browser and sign in.</li><li>Open the file that is downloaded."
        "</li><li>Start the client again.</li></ol>"
        "<h2>It still does not connect</h2><p>Restart the computer once. If that does not help, write to us and "
        "tell us the number under the error.</p>", views=367,
    ),
    Text(
        "building", "Replace a lost badge", "Lock the old one at once; the new one is ready the same day.",
        "<h2>Lock it</h2><p>Call the reception (extension 100) at any hour. From then on the badge opens nothing.</p>"
        "<h2>Get a new one</h2><p>Bring an identity card to the reception between 08:00 and 17:00. The first "
        "replacement in a year costs nothing.</p>", views=251,
    ),
    Text(
        "access", "Send large files safely", "Up to 10 GB, with a link that ends by itself.",
        "<p>Mail takes up to 25 MB. For more, use the transfer page.</p><ol><li>Open <strong>Transfer</strong> in the "
        "portal.</li><li>Drop the files on the page.</li><li>Choose how long the link is good, and who may open it."
        "</li></ol>", views=198,
    ),
    Text(
        "access", "Set a new password", "When you have forgotten it, or it has expired.",
        "<p>Open the sign-in page and choose <strong>Forgot your password?</strong> The mail with the link comes "
        "within a minute; look among the junk if it does not.</p>", views=640,
    ),
    Text(
        "agents", "What we promise, and when we escalate", "Targets by department, and whom to call at night.",
        "<p>Support answers within two hours while it is open. Emergencies are answered within 30 minutes, day and "
        "night; the phone of the person on duty is in the calendar.</p>", audience=Article.Audience.INTERNAL, views=23,
    ),
)  # fmt: skip


def fill_shelves(writer: User) -> None:
    shelves = {
        slug: Category.objects.create(slug=slug, name=name, description=description, position=place)
        for place, (slug, (name, description)) in enumerate(SHELVES.items())
    }
    for text in TEXTS:
        shelf = shelves[text.shelf]
        made = articles.create(
            by=writer, category=shelf, language="en", title=text.title, summary=text.summary, html=text.html
        )
        articles.place(made, by=writer, category=shelf, audience=text.audience)
        Article.objects.filter(pk=made.pk).update(view_count=text.views)
