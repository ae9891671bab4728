from django.urls import path
from django.views.decorators.http import require_safe

from portal import kb_index
from portal.views import (
    accounts,
    attachment,
    embed,
    follow,
    guest,
    home,
    knowledge,
    notices,
    requests,
    search,
    ticket,
    tickets,
    uploads,
)

app_name = "portal"
urlpatterns = [
    path("", home.home, name="home"),
    path("search/", search.search, name="search"),
    path("tickets/", tickets.own, name="tickets"),
    path("tickets/new/", requests.new, name="ticket_new"),
    path("tickets/similar/", search.similar, name="similar"),
    path("tickets/received/<uuid:nonce>/", requests.received, name="ticket_received"),
    path("tickets/<slug:number>/", ticket.page, name="ticket"),
    path("tickets/<slug:number>/reply/", ticket.reply, name="reply"),
    path("tickets/<slug:number>/confirm/", ticket.confirm, name="confirm"),
    path("tickets/<slug:number>/close/", follow.close, name="close"),
    path("tickets/<slug:number>/rate/", follow.rate, name="rate"),
    path("tickets/<slug:number>/people/", follow.add, name="person_add"),
    path("tickets/<slug:number>/people/<int:pk>/remove/", follow.remove, name="person_remove"),
    path("tickets/<slug:number>/reopen/", ticket.reopen, name="reopen"),
    path("tickets/<slug:number>/proposed/<int:pk>/", ticket.decide, name="proposed"),
    path("embed/<slug:slug>/", embed.form, name="embed"),
    path("embed/<slug:slug>/script.js", embed.script, name="embed_script"),
    path("kb/", knowledge.home, name="kb"),
    path("kb/categories/<slug:slug>/", knowledge.category, name="kb_category"),
    path("kb/articles/<slug:slug>/", knowledge.article, name="kb_article"),
    path("kb/articles/<slug:slug>/feedback/", knowledge.feedback, name="kb_feedback"),
    path("kb/articles/<slug:slug>/solved/", knowledge.solved, name="kb_solved"),
    path("kb/files/<uuid:key>/", knowledge.file, name="kb_file"),
    path("kb/new.atom", require_safe(kb_index.NewArticles()), name="kb_feed"),
    path("sitemap.xml", kb_index.sitemap, name="sitemap"),
    path("uploads/", uploads.upload, name="upload"),
    path("attachments/<uuid:key>/", attachment.download, name="attachment"),
    path("t/<str:token>/", guest.follow, name="guest"),
    path("links/", guest.fresh_link, name="fresh_link"),
    path("notices/<str:token>/", notices.unsubscribe, name="unsubscribe"),
    path("setup/<str:token>/", accounts.setup, name="setup"),
]
