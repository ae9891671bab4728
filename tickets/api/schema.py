"""The OpenAPI schema, made from what the views say about themselves."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from tickets.api.idempotency import LONGEST
from tickets.api.problems import MEDIA_TYPE
from tickets.api.shapes import ProblemShape

_REFUSALS = {
    "GET": {"400": "The query cannot be read.", "401": "No valid token.", "404": "Not there, or not to be seen."},
    "POST": {
        "400": "Some fields cannot be taken.",
        "401": "No valid token.",
        "403": "The scope or the person may not.",
        "404": "Not there, or not to be seen.",
        "409": "The lifecycle has no such step from here, or somebody was faster.",
        "422": "The Idempotency-Key was used for another request.",
    },
}


class Described(AutoSchema):
    def get_operation_id(self) -> str:
        name = type(self.view).__name__
        verbs = {"GET": "list" if self._is_list_view() else "read", "PATCH": "change", "DELETE": "delete"}
        verb = verbs.get(self.method, "")
        if self.method == "POST" and "GET" in getattr(self.view, "outputs", {}):
            verb = "add"
        return f"{verb}{name}" if verb else name[0].lower() + name[1:]

    def get_tags(self) -> list[str]:
        return ["Tickets"]

    def get_summary(self) -> str:
        return self.get_description().partition(".")[0].partition(":")[0].replace("\n", " ")

    def get_description(self) -> str:  # type: ignore[override]
        own = getattr(self.view, self.method.lower()).__doc__ or type(self.view).__doc__ or ""
        return " ".join(own.split())

    def _is_list_view(self, serializer: Any = None) -> bool:
        return self.method == "GET" and (hasattr(self.view, "pagination_class") or hasattr(self.view, "many"))

    def get_request_serializer(self) -> Any:
        return getattr(self.view, "inputs", {}).get(self.method)

    def get_response_serializers(self) -> Any:
        shape = getattr(self.view, "outputs", {}).get(self.method)
        code = "204" if self.method == "DELETE" else "200"
        code = "201" if self.method in getattr(self.view, "created", ()) else code
        answers: dict[Any, Any] = {code: shape(many=True) if shape and self._is_list_view() else shape}
        for refusal, text in _REFUSALS["GET" if self.method == "GET" else "POST"].items():
            if refusal in ("404", "409") and "{" not in self.path:
                continue
            answers[(refusal, MEDIA_TYPE)] = OpenApiResponse(ProblemShape, description=text)
        return answers

    def get_override_parameters(self) -> list[Any]:
        if self.method == "POST":
            text = f"Up to {LONGEST} characters; the same key and body again get the same answer."
            return [OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, description=text)]
        if self.path.endswith("/tickets/") and self.method == "GET":
            return [OpenApiParameter("q", str, description="Words and filters, for example: is:open printer")]
        if self.path.endswith("{number}/rules/"):
            return [OpenApiParameter("rule", int, description="The id of a rule: why it did or did not act.")]
        if self.path.endswith("/sla/"):
            return [
                OpenApiParameter("policy", str, description="As if this SLA policy held: its name."),
                OpenApiParameter("calendar", str, description="As if these business hours held: their name."),
            ]
        return []
