"""Which files of a folder are new: asked of the ledger in parts, however many there are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath

import sqlalchemy as sa

from digitizer.dossiers import RoutingHint
from digitizer.ledger import seen_files
from digitizer.service import Service
from digitizer.service.scan_sources import InputBundle, InputFile
from digitizer.service.submissions import PART


def bundle(number: int) -> InputBundle:
    path = PurePath(f"/in/{number}.jpg")
    file = InputFile(address=str(path), path=path, below=path, version="1-1", size=1, key=str(path))
    return InputBundle(files=(file,), name=path.name, target=path.with_suffix(""), hint=RoutingHint())


def test_a_folder_of_known_files_costs_a_question_for_every_part(service: Service) -> None:
    found = [bundle(number) for number in range(2 * PART + 1)]
    with service.context.ledger.begin() as tx:
        for one in found[:-2]:
            seen_files.note(tx, one.files[0].address, "1-1", key="k", size=1)
        seen_files.submitted(tx, [(one.files[0].address, "1-1") for one in found[:-3]], "i")
    asked: list[str] = []
    engine = service.context.ledger.engine
    sa.event.listen(engine, "before_cursor_execute", lambda *about: asked.append(about[2]))
    assert service.submissions.not_submitted(found) == found[-3:], "stored is not submitted"
    assert len([statement for statement in asked if "SELECT" in statement]) == 3
    changed = replace(found[0], files=(replace(found[0].files[0], version="2-1"),))
    assert service.submissions.not_submitted([changed, *found[1:4]]) == [changed]
