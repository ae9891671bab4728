from django.contrib import admin
from django.urls import include, path

from helpdesk import health
from portal.views.accounts import after_login
from tickets.mail import webhook

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("accounts/", include("portal.account_urls")),
    path("accounts/", include("allauth.account.urls")),
    path("api/", include("tickets.api.urls")),
    path("hooks/mail/<slug:provider>/", webhook.receive, name="mail_hook"),
    path("hooks/mail/<slug:provider>/mime", webhook.receive, name="mail_hook_mime"),
    path("staff/", include("staff.urls")),
    path("after-login/", after_login, name="after_login"),
    path("", include("portal.urls")),
]

handler400 = "helpdesk.errors.bad_request"
handler403 = "helpdesk.errors.forbidden"
handler404 = "helpdesk.errors.not_found"
handler500 = "helpdesk.errors.server_error"
