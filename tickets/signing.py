from __future__ import annotations


def key() -> bytes:
    from django.conf import settings

    return settings.SECRET_KEY.encode()


def message_id(key: bytes, ref: str, ticket_id: int, domain: str) -> str:
    return f"<{ref}.{ticket_id}@{domain}>"
