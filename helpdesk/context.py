from django.http import HttpRequest

from tickets.models import Desk


def desk(request: HttpRequest) -> dict[str, Desk]:
    """`desk` in every template: the company name and the desk's settings."""
    return {"desk": Desk.current()}
