from django.urls import URLPattern, path

from staff.views import (
    clock,
    compose,
    files,
    forms,
    importing,
    intake,
    live,
    mail,
    outgoing,
    panels,
    people,
    queue,
    rule,
    rules,
    search,
    ticket,
    verbs,
)

app_name = "staff"


def _verb(name: str) -> URLPattern:
    return path(f"tickets/<str:number>/{name}/", verbs.verb, {"name": name}, name=name)


def _panel(name: str) -> URLPattern:
    return path(f"tickets/<str:number>/{name}/", panels.panel, {"name": name}, name=name)


urlpatterns: list[URLPattern] = [
    path("", queue.home, name="home"),
    path("views/<slug:slug>/", queue.view, name="view"),
    path("search/", search.search, name="search"),
    path("tickets/new/", intake.ticket_new, name="ticket_new"),
    path("tickets/<str:number>/", ticket.ticket, name="ticket"),
    path("presence/", live.present, name="presence"),
    path("tickets/<str:number>/live/", live.ticket, name="live"),
    path("tickets/<str:number>/sla/", clock.why, name="sla"),
    path("tickets/<str:number>/reply/", compose.reply, name="reply"),
    path("tickets/<str:number>/undo/<int:pk>/", compose.undo, name="undo"),
    path("tickets/<str:number>/note/", compose.note, name="note"),
    *[_panel(name) for name in panels.PANELS],
    *[_verb(name) for name in verbs.ACTS],
    path("tickets/<str:number>/proposed/<int:pk>/", people.decide, name="proposed"),
    path("messages/<int:pk>/html/", files.message_html, name="message_html"),
    path("attachments/<uuid:key>/", files.attachment, name="attachment"),
    path("forms/", forms.index, name="forms"),
    path("forms/<slug:slug>/", forms.one, name="form"),
    path("forms/<slug:slug>/items/new/", forms.item, name="form_item_new"),
    path("forms/<slug:slug>/items/<int:index>/", forms.item, name="form_item"),
    path("mail/", mail.mail, name="mail"),
    path("mail/import/", importing.import_mail, name="mail_import"),
    path("mail/arrived/<int:pk>/", mail.arrived, name="mail_arrived"),
    path("mail/arrived/<int:pk>/raw/", mail.raw, name="mail_raw"),
    path("mail/arrived/<int:pk>/retry/", mail.retry, name="mail_retry"),
    path("mail/arrived/<int:pk>/release/", mail.release, name="mail_release"),
    path("mail/arrived/<int:pk>/block/", mail.block, name="mail_block"),
    path("mail/blocked/", mail.blocked, name="mail_blocked"),
    path("mail/blocked/<int:pk>/unblock/", mail.unblock, name="mail_unblock"),
    path("mail/outgoing/", outgoing.outgoing, name="mail_outgoing"),
    path("mail/outgoing/<int:pk>/resend/", outgoing.resend, name="mail_resend"),
    path("mail/outgoing/<int:pk>/cancel/", outgoing.cancel, name="mail_cancel"),
    path("rules/", rules.overview, name="rules"),
    path("rules/<slug:kind>/", rules.overview, name="rules_of"),
    path("rules/<slug:kind>/new/", rule.new, name="rule_new"),
    path("rules/<slug:kind>/order/", rules.order, name="rules_order"),
    path("rules/<slug:kind>/look/", rule.look, name="rule_look"),
    path("rule/<int:pk>/", rule.edit, name="rule"),
    path("rule/<int:pk>/history/", rule.versions, name="rule_history"),
    path("rule/<int:pk>/roll-back/", rule.roll_back, name="rule_roll_back"),
    path("rule/<int:pk>/switch/", rules.switch, name="rule_switch"),
    path("rule/<int:pk>/move/", rules.move, name="rule_move"),
    path("rule/<int:pk>/delete/", rules.delete, name="rule_delete"),
]
