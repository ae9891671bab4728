from typing import Any

from django.conf import settings
from django.http import HttpRequest

from tickets import brand
from tickets.models import Desk


def desk(request: HttpRequest) -> dict[str, Any]:
    """In every template: `desk`, the company name and the settings of the desk; `brand`, addresses of its colours and
    logo; `SIGN_UP`, who may make an account."""
    current = Desk.current()
    return {"desk": current, "brand": brand.look(current), "SIGN_UP": settings.SIGN_UP}
