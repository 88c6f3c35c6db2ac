"""The name of the signer, which stands beside the office."""

from __future__ import annotations

import re

from digitizer.extract import plausibility
from digitizer.extract.raw_text import FILL, clean
from digitizer.extract.types import name
from digitizer.extract.value_type import Parsed, ValueType


def read(raw: str) -> Parsed:
    """The name in `Trần Văn A, Chủ tịch`."""
    return name.read(name_and_office(raw)[0])


def name_and_office(raw: str) -> tuple[str, str]:
    """(name, office) of `Trần Văn A, Chủ tịch` or `… - Chủ tịch`."""
    found = clean(raw)
    title = re.search(
        r"\s*[,\-–.]?\s*((?:(?:PHÓ|QUYỀN|KT\.|TM\.) )*(?:CHỦ TỊCH|CÔNG CHỨC|TRƯỞNG PHÒNG|GIÁM ĐỐC).*|PHÓ CHỦ)$",
        found,
        re.IGNORECASE,
    )
    if title:
        return found[: title.start()].strip(FILL), title.group(1).strip(FILL)
    head, _, tail = found.partition(",")
    return head.strip(FILL), tail.strip(FILL)


VALUE_TYPE = ValueType(
    read=read,
    group="name",
    prose="office",
    implausibility=plausibility.of_name,
    doubt=plausibility.surname_doubt,
)
