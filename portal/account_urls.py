"""Addresses under /accounts/. What stands here comes before allauth's own."""

from allauth.mfa import urls as mfa
from django.urls import include, path

from portal.views import account, codes, own_data, passkeys

urlpatterns = [
    path("", account.home, name="account_home"),
    path("login/code/", codes.ask, name="account_request_login_code"),
    path("login/code/confirm/", codes.confirm, name="account_confirm_login_code"),
    path("code/", codes.ask_again, name="account_code_again"),
    path("email/join/<str:token>/", account.join, name="account_join"),
    path("data/", own_data.page, name="account_data"),
    path("data/copy/", own_data.copy, name="account_data_copy"),
    path("data/forget/", own_data.forget, name="account_data_forget"),
    path("data/<uuid:key>/", own_data.fetch, name="account_data_file"),
    path("mfa/webauthn/add/", passkeys.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("mfa/", include(mfa)),
]
