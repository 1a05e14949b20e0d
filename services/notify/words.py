"""The shipped wordings as the domain wants them."""

from __future__ import annotations

from collections.abc import Mapping

from services.notify.domain.message import Language
from services.notify.domain.notices import Text
from shared.catalogue.wordings import Wordings


class ShippedWords:
    """See `services.notify.domain.notices.Words`."""

    def __init__(self, wordings: Wordings) -> None:
        self._wordings = wordings

    def text(self, template: str, language: Language) -> Text | None:
        """The wording of a template; None for one of an earlier release that is shipped no more."""
        found = self._wordings.templates.get(template)
        if found is None:
            return None
        wording = found.wording(language)
        return Text(wording.subject, wording.text, wording.sms_approved, wording.sms_template)

    def cut(self, values: Mapping[str, str]) -> dict[str, str]:
        """The values, as long as their variables allow."""
        return self._wordings.cut(values)
