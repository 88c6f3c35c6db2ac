"""Problems: what is wrong with a page, document or field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something a person should know. The sentence for `code` stands in `digitizer/messages/`.

    `facts` hold numbers, file and field names for that sentence, never a person's data.
    """

    code: str
    page: int | None = None
    field: str | None = None
    facts: Mapping[str, str | int | float] = dataclass_field(default_factory=dict)
