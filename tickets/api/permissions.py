"""What a token may be used for. What its person may do is asked of tickets.permissions by the actions themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from tickets.models import ApiToken

if TYPE_CHECKING:
    from rest_framework.views import APIView

_RANK = {ApiToken.Scope.READ: 0, ApiToken.Scope.WRITE: 1, ApiToken.Scope.ADMIN: 2}


class ScopePermission(BasePermission):
    """Reading takes any scope, changing takes `write`, unless the view's `scope` asks for more. Without a token
    nothing is allowed."""

    message = _("The scope of this token does not allow this.")

    def has_permission(self, request: Request, view: APIView) -> bool:
        token = request.auth
        if not isinstance(token, ApiToken):
            return False
        needed = ApiToken.Scope.READ if request.method in SAFE_METHODS else ApiToken.Scope.WRITE
        return _RANK[ApiToken.Scope(token.scope)] >= _RANK[getattr(view, "scope", needed)]
