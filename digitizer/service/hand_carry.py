"""Hand-carry packages: what one machine has, sealed, for another that it cannot reach.

A package holds originals, readings, results, decisions and the sealed events since the last package for the same receiver.
Import only adds: what is here stays, what came before is not added again. One side decides about a bundle. An export may hand
that over. Where both sides changed a record nevertheless, both versions are kept and a checker decides (DIFFERS).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digitizer import signed_folders
from digitizer.digests import file_sha256
from digitizer.errors import SealBroken, UsageError
from digitizer.ledger import Transaction, events, hand_carry, jobs, records, submissions
from digitizer.model import IntakeState, RecordState
from digitizer.service.context import ServiceContext
from digitizer.service.outbox import queue_file, queue_values

KIND = "digitizer/package/1"
_BUNDLES, _EVENTS, _FILES = "bundles.json", "events.json", "files"
#: columns of a bundle's rows that name stored files
_KEYS = {"source": "key", "page": "texts", "artifact": "key"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What a package held, or what of it was new."""

    id: str
    bundles: int
    files: int
    events: int
    #: records both sides changed
    differs: tuple[str, ...] = ()
    #: imported before: nothing was done
    known: bool = False


class HandCarry:
    """Writes packages, and takes them in."""

    def __init__(self, context: ServiceContext) -> None:
        self.context = context

    def export(
        self, target: Path, *, to: str, by: str, agency: str | None = None, hand_over: bool = False, everything: bool = False
    ) -> Carried:
        """Writes a package for `to` into the file `target`. Raises ConfigError without a key, UsageError for nothing new."""
        keys = signed_folders.KeyRing(self.context.settings.home)
        key = keys.own()
        with self.context.ledger.begin() as tx:
            events.seal(tx)
            since = 0 if everything else hand_carry.last_event(tx, to)
            happened = hand_carry.events_after(tx, since)
            subjects = None if since == 0 else {row["subject"] for row in happened}
            chosen = hand_carry.bundles_of(tx, agency=agency, subjects=subjects)
            chosen = [bundle for bundle in chosen if hand_carry.owner(tx, bundle) is None]
            dumps = [hand_carry.dump(tx, bundle) for bundle in chosen]
            sent = set() if everything else hand_carry.carried(tx, to)
        if not dumps:
            raise UsageError(
                "nothing has happened since the last package; --all writes everything again", sentence="nothing_to_carry", to=to
            )
        with self.context.files.scratch() as folder:
            inside = folder / "package"
            files = self._lay_out(inside, dumps, happened, sent)
            facts = {"to": to, "hand_over": hand_over, "since": since, "bundles": len(dumps)}
            signed_folders.seal(inside, key=key, kind=KIND, facts=facts)
            id_ = _id(inside)
            target.parent.mkdir(parents=True, exist_ok=True)
            signed_folders.pack(inside, target)
        with self.context.ledger.begin() as tx:
            hand_carry.note(tx, id_, "OUT", to, chosen, happened[-1]["seq"] if happened else since)
            for bundle in chosen if hand_over else ():
                hand_carry.give(tx, bundle, to, actor=by)
                hand_carry.release_deliveries(tx, bundle, to=to)
            events.note(tx, "exported", id_, actor=by, to=to, bundles=len(dumps), hand_over=hand_over)
        return Carried(id=id_, bundles=len(dumps), files=files, events=len(happened))

    def _lay_out(self, folder: Path, dumps: list[dict[str, Any]], happened: list[dict[str, Any]], sent: set[str]) -> int:
        """Writes rows, events and those files the receiver cannot have. Returns how many files."""
        (folder / _FILES).mkdir(parents=True)
        (folder / _BUNDLES).write_text(json.dumps(dumps, ensure_ascii=False), encoding="utf-8")
        (folder / _EVENTS).write_text(json.dumps(happened, ensure_ascii=False), encoding="utf-8")
        # a bundle sent before may have new results. Its originals are there
        wanted = {key for rows in dumps for key in _stored(rows, skip="source" if rows["bundle"][0]["id"] in sent else "")}
        for key in sorted(wanted):
            self.context.files.fetch(key, folder / _FILES / key.rpartition("/")[2])
        return len(wanted)

    def take_in(self, path: Path, *, by: str) -> Carried:
        """Takes a package in. Raises SealUntrusted, SealBroken, UsageError when an earlier package is missing."""
        with self.context.files.scratch() as folder:
            manifest = signed_folders.unpack(path, folder, signed_folders.KeyRing(self.context.settings.home))
            if manifest.kind != KIND:
                raise SealBroken("this is no package of digitizer", kind=manifest.kind)
            id_ = _id(folder)
            with self.context.ledger.read() as tx:
                if hand_carry.seen(tx, id_):
                    return Carried(id=id_, bundles=0, files=0, events=0, known=True)
            dumps, happened = (json.loads((folder / name).read_text(encoding="utf-8")) for name in (_BUNDLES, _EVENTS))
            _check_chain(happened)
            files = self._keep_files(folder / _FILES, dumps)
            with self.context.ledger.begin() as tx:
                differs = [d for rows in dumps for d in self._take_bundle(tx, rows, manifest, by)]
                new = hand_carry.add_events(tx, happened, origin=manifest.signer)
                hand_carry.note(tx, id_, "IN", manifest.signer, [rows["bundle"][0]["id"] for rows in dumps], 0)
                events.note(tx, "imported", id_, actor=by, signer=manifest.signer, bundles=len(dumps), differs=len(differs))
        return Carried(id=id_, bundles=len(dumps), files=files, events=new, differs=tuple(differs))

    def _keep_files(self, folder: Path, dumps: Iterable[Mapping[str, Any]]) -> int:
        """Stores the files. Then everything the rows name has to be there."""
        for path in sorted(folder.iterdir()):
            self.context.store.put_file(path)
        have = {path.name for path in folder.iterdir()}
        for rows in dumps:
            for key in _stored(rows):
                if key.rpartition("/")[2] not in have and next(iter(self.context.store.list(key)), None) is None:
                    raise UsageError(
                        "an earlier package is missing; import it first, or ask for one with --all",
                        sentence="earlier_package_missing",
                        key=key,
                    )
        return len(have)

    def _take_bundle(self, tx: Transaction, rows: Mapping[str, Any], manifest: signed_folders.Manifest, by: str) -> list[str]:
        """One bundle. Returns the ids of records that differ."""
        bundle, ours = rows["bundle"][0], hand_carry.known(tx, rows["bundle"][0]["id"])
        if not ours and bundle["state"] not in ("DONE", "FAILED"):
            # its work goes on here, from the pages already read
            bundle = {**bundle, "state": "NEW"}
            waiting = [{**i, "state": IntakeState.RECEIVED} if i["state"] == IntakeState.RUNNING else i for i in rows["intake"]]
            rows = {**rows, "bundle": [bundle], "intake": waiting}
        hand_carry.add(tx, rows)
        differs = [id_ for id_ in hand_carry.histories(rows) if self._take_record(tx, id_, rows, manifest.signer)]
        held = hand_carry.owner(tx, bundle["id"])
        if manifest.facts.get("hand_over"):
            hand_carry.give(tx, bundle["id"], None, actor=by)
            self._go_on(tx, bundle["id"], bundle["state"], by)
        elif not ours or held is not None:
            hand_carry.give(tx, bundle["id"], manifest.signer, actor=by)
        return differs

    @staticmethod
    def _take_record(tx: Transaction, record_id: str, rows: Mapping[str, Any], signer: str) -> bool:
        """A record: theirs is taken where ours is its beginning, ours stays where theirs is. Returns True where both went on."""
        row, theirs = hand_carry.histories(rows)[record_id]
        ours = [r for r in hand_carry.dump(tx, row["bundle"])["revision"] if r["record"] == record_id]
        shared = next(
            (n for n, (a, b) in enumerate(zip(ours, theirs, strict=False)) if _said(a) != _said(b)), min(len(ours), len(theirs))
        )
        if shared == len(ours):
            hand_carry.take_history(tx, row, theirs, shared)
            return False
        if shared == len(theirs):
            return False
        hand_carry.differ(tx, record_id, len(ours), theirs[-1], signer=signer)
        return True

    def _go_on(self, tx: Transaction, bundle: str, state: str, by: str) -> None:
        """What the former owner would have done next: read, and deliver."""
        for intake, _ in submissions.intakes(tx, bundle_id=bundle):
            if state == "NEW":
                jobs.add(tx, "open", bundle, lane=jobs.LANES[intake.lane])
            elif state == "DONE":
                queue_file(self.context, tx, intake)
        for kept in records.find(tx, bundle_id=bundle, states=[RecordState.READY]):
            queue_values(self.context, tx, kept, by=by)


def _said(revision: Mapping[str, Any]) -> tuple[Any, Any]:
    return revision["body"], revision["by"]


def _stored(rows: Mapping[str, Any], skip: str = "") -> set[str]:
    """Keys of all files the rows of a bundle name, those of the table `skip` left out."""
    return {row[column] for table, column in _KEYS.items() if table != skip for row in rows[table] if row[column]}


def _check_chain(happened: list[dict[str, Any]]) -> None:
    """The events of a package follow each other, each chained to the one before. Raises SealBroken."""
    prev = happened[0]["prev"] if happened else ""
    for row in happened:
        if row["prev"] != prev or row["hash"] != events.digest(prev, row["seq"], row):  # type: ignore[arg-type]
            raise SealBroken("the events in this package do not follow each other", seq=row["seq"])
        prev = row["hash"]


def _id(folder: Path) -> str:
    return file_sha256(folder / signed_folders.MANIFEST)
