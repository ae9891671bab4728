from django.urls import include, path, register_converter
from drf_spectacular.views import SpectacularAPIView
from rest_framework.negotiation import DefaultContentNegotiation

from tickets.api.parsing import TicketNumber
from tickets.api.views import conversation, people, related, verbs
from tickets.api.views.canned import Canned
from tickets.api.views.docs import docs
from tickets.api.views.knowledge import Articles, OneArticle
from tickets.api.views.rating import Rate
from tickets.api.views.rules import Macro, Macros, OneRule, Rules, RulesOfTicket
from tickets.api.views.tickets import OneTicket, Tickets
from tickets.api.views.time import Sla
from tickets.api.views.views import OneView, Views

register_converter(TicketNumber, "ticket_number")

_one = [
    path("", OneTicket.as_view(), name="ticket"),
    path("messages/", conversation.Messages.as_view(), name="messages"),
    path("events/", conversation.Events.as_view(), name="events"),
    path("sla/", Sla.as_view(), name="sla"),
    path("proposed/", people.Proposed.as_view(), name="proposed"),
    path("proposed/<int:pk>/", people.DecideProposed.as_view(), name="proposed_one"),
    path("reply/", conversation.Reply.as_view(), name="reply"),
    path("note/", conversation.Note.as_view(), name="note"),
    path("assign/", verbs.Assign.as_view(), name="assign"),
    path("start/", verbs.Start.as_view(), name="start"),
    path("resolve/", verbs.Resolve.as_view(), name="resolve"),
    path("confirm/", verbs.Confirm.as_view(), name="confirm"),
    path("close/", verbs.Close.as_view(), name="close"),
    path("rate/", Rate.as_view(), name="rate"),
    path("reopen/", verbs.Reopen.as_view(), name="reopen"),
    path("archive/", verbs.Archive.as_view(), name="archive"),
    path("unarchive/", verbs.Unarchive.as_view(), name="unarchive"),
    path("snooze/", related.Snooze.as_view(), name="snooze"),
    path("wake/", related.Wake.as_view(), name="wake"),
    path("links/", related.Links.as_view(), name="links"),
    path("tasks/", related.Tasks.as_view(), name="tasks"),
    path("collaborators/", related.Collaborators.as_view(), name="collaborators"),
    path("requester/", related.Requester.as_view(), name="requester"),
    path("merge/", related.Merge.as_view(), name="merge"),
    path("unmerge/", related.Unmerge.as_view(), name="unmerge"),
    path("split/", related.Split.as_view(), name="split"),
    path("side/", related.Side.as_view(), name="side"),
    path("spam/", related.Spam.as_view(), name="spam"),
    path("undo/", related.Undo.as_view(), name="undo"),
    path("rules/", RulesOfTicket.as_view(), name="ticket_rules"),
    path("macros/", Macros.as_view(), name="macros"),
    path("macros/<int:pk>/", Macro.as_view(), name="macro"),
    path("tags/", verbs.Tags.as_view(), name="tags"),
]

app_name = "api"
urlpatterns = [
    path("v1/canned/", Canned.as_view(), name="canned"),
    path("v1/tickets/", Tickets.as_view(), name="tickets"),
    path("v1/tickets/<ticket_number:number>/", include(_one)),
    path("v1/articles/", Articles.as_view(), name="articles"),
    path("v1/articles/<slug:slug>/", OneArticle.as_view(), name="article"),
    path("v1/rules/", Rules.as_view(), name="rules"),
    path("v1/rules/<int:pk>/", OneRule.as_view(), name="rule"),
    path("v1/views/", Views.as_view(), name="views"),
    path("v1/views/<slug:slug>/", OneView.as_view(), name="view"),
    path("schema/", SpectacularAPIView.as_view(content_negotiation_class=DefaultContentNegotiation), name="schema"),
    path("docs/", docs, name="docs"),
]
