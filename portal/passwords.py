"""What a password must be."""

from __future__ import annotations

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.utils.translation import ngettext


class LongEnough(MinimumLengthValidator):
    """In the desk's words: Django's are not translated into every language of ours."""

    def get_error_message(self) -> str:
        return self.get_help_text()

    def get_help_text(self) -> str:
        sentence = ngettext("At least %(count)d character.", "At least %(count)d characters.", self.min_length)
        return sentence % {"count": self.min_length}
