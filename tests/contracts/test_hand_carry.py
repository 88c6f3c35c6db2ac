"""Packages between two machines that never meet: nothing lost, nothing twice, one side decides."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from digitizer import signed_folders
from digitizer.cli import cli
from digitizer.digests import file_sha256
from digitizer.errors import SealBroken, SealUntrusted, UsageError
from digitizer.ledger import events, hand_carry, outbox, records, submissions
from digitizer.model import Field, IntakeState, Record, RecordState, Verdict
from digitizer.service import Service, Submission
from digitizer.settings import Settings

DOSSIER = "H60.127.03-260930-0012"


@dataclass
class Side:
    """One machine."""

    service: Service
    folder: Path

    def digitized(self, name: str, *, state: str = "DONE", dossier: str | None = DOSSIER) -> str:
        """A file that has been read here; its record's id."""
        path = self.folder / name
        path.write_bytes(f"%PDF-1.4 {name}".encode())
        intake, _ = self.service.submissions.receive(
            [path], name, Submission(actor="may-quet", agency="H60.127.03", dossier=dossier)
        )
        with self.service.context.ledger.begin() as tx:
            (source,) = submissions.sources_of(tx, intake.bundle)
            submissions.opened(tx, replace(source, media_type="application/pdf", pages=1, signed=False))
            if state != "DONE":
                return intake.bundle
            key = self.service.context.files.put_bytes(f"{name} read".encode())
            submissions.save_page(tx, source.id, 0, "engine", state="READ", texts=key, error=None)
            made = {
                kind: (f"x/{kind}", self.service.context.files.put_bytes(f"{name}.{kind}".encode())) for kind in ("pdf", "json")
            }
            submissions.save_artifacts(tx, intake.bundle, made)
            submissions.move_bundle(tx, intake.bundle, ["NEW"], "DONE", result="ACCEPTED")
            submissions.move_intakes(tx, intake.bundle, [IntakeState.RECEIVED], IntakeState.DIGITIZED, actor="w")
            name_field = Field(name="nksHoTen", raw="NÔNG THỊ A", value="NÔNG THỊ A", confidence=0.9, accepted=True, page=0)
            record = Record(id=f"{intake.bundle}/0/0", fields=(name_field,), verdict=Verdict.ACCEPT)
            records.propose(tx, intake.bundle, "birth_extract", record, actor="w")
            return record.id

    def out(self, name: str = "goi.zip", **more: object) -> Path:
        target = self.folder / name
        self.service.hand_carry.export(target, to="trung-tam", by="can-bo", **more)  # type: ignore[arg-type]
        return target

    def record(self, id_: str) -> records.Kept:
        with self.service.context.ledger.read() as tx:
            found = records.get(tx, id_)
        assert found is not None
        return found

    def correct(self, id_: str, value: str) -> None:
        self.service.review.correct(id_, {"nksHoTen": value}, by="can-bo")


@pytest.fixture
def sides(tmp_path: Path) -> Iterator[tuple[Side, Side]]:
    made = []
    for name in ("xa", "trung-tam"):
        folder = tmp_path / name
        folder.mkdir()
        chosen = Settings.load({}, home=folder / "home", connector=f"folder:{folder / 'dossiers'}")
        made.append(Side(Service.open(chosen), folder))
    keys = [signed_folders.KeyRing(side.service.settings.home).init() for side in made]
    for side, key in zip(made, reversed(keys), strict=True):
        pem = side.folder / "other.pem"
        pem.write_text(key.pem)
        signed_folders.KeyRing(side.service.settings.home).trust(pem, "ben-kia")
    yield made[0], made[1]
    for side in made:
        side.service.context.ledger.close()


def test_everything_arrives_once(sides: tuple[Side, Side]) -> None:
    commune, centre = sides
    id_ = commune.digitized("a.pdf")
    commune.correct(id_, "NÔNG THỊ BÀ")
    commune.service.review.approve(id_, by="lanh-dao")
    package = commune.out()
    taken = centre.service.hand_carry.take_in(package, by="tiep-nhan")
    assert (taken.bundles, taken.files, taken.differs) == (1, 4, ())
    kept = centre.record(id_)
    assert (kept.state, kept.record.revision, kept.record.fields[0].value) == (RecordState.READY, 2, "NÔNG THỊ BÀ")
    assert all(centre.service.context.store.verify(key) for key in centre.service.context.store.list())
    assert sorted(centre.service.context.store.list()) == sorted(commune.service.context.store.list())
    assert centre.service.hand_carry.take_in(package, by="tiep-nhan").known
    again = centre.service.hand_carry.take_in(commune.out("lan-2.zip", everything=True), by="tiep-nhan")
    assert (again.known, again.events) == (False, 1), "only the event of the first export is new"
    with centre.service.context.ledger.begin() as tx:
        events.seal(tx)
        assert events.verify(tx)[1] is None
        assert len(records.find(tx)) == 1
        assert len(submissions.intakes(tx)) == 1


def test_a_later_package_has_what_is_new_only_and_needs_the_earlier_one(sides: tuple[Side, Side]) -> None:
    commune, centre = sides
    first, _ = commune.digitized("a.pdf"), commune.digitized("b.pdf")
    one = commune.out("1.zip")
    commune.correct(first, "NÔNG THỊ BÀ")
    two = commune.out("2.zip")
    with zipfile.ZipFile(two) as opened:
        assert [d["bundle"][0]["id"] for d in json.loads(opened.read("bundles.json"))] == [first.split("/")[0]]
    with pytest.raises(UsageError):
        centre.service.hand_carry.take_in(two, by="t")
    with centre.service.context.ledger.read() as tx:
        assert not hand_carry.known(tx, first.split("/")[0])
    for package in (one, two):
        centre.service.hand_carry.take_in(package, by="t")
    assert centre.record(first).record.revision == 2
    with pytest.raises(UsageError):
        commune.service.hand_carry.export(commune.folder / "3.zip", to="trung-tam", by="x", agency="H01")


def test_a_package_for_another_side_has_the_originals_too(sides: tuple[Side, Side]) -> None:
    commune, _ = sides
    commune.digitized("a.pdf")
    commune.out("1.zip")
    original = file_sha256(commune.folder / "a.pdf")
    other = commune.folder / "2.zip"
    commune.service.hand_carry.export(other, to="so-tu-phap", by="can-bo")
    with zipfile.ZipFile(other) as opened:
        assert f"files/{original}" in opened.namelist()
        assert len(json.loads(opened.read("events.json"))) > 0


def test_a_package_of_everything_has_every_sealed_event(sides: tuple[Side, Side]) -> None:
    commune, _ = sides
    commune.digitized("a.pdf")
    commune.out("1.zip")
    with zipfile.ZipFile(commune.out("2.zip", everything=True)) as opened:
        happened = json.loads(opened.read("events.json"))
    with commune.service.context.ledger.read() as tx:
        assert events.verify(tx) == (len(happened), None)
    assert [event["seq"] for event in happened] == list(range(1, len(happened) + 1))


def test_a_new_owner_sends_no_values_that_nobody_approved(sides: tuple[Side, Side]) -> None:
    commune, centre = sides
    waiting, approved = commune.digitized("a.pdf"), commune.digitized("b.pdf", dossier="H60.127.03-260930-0013")
    commune.service.review.approve(approved, by="lanh-dao")
    centre.service.hand_carry.take_in(commune.out(hand_over=True), by="t")
    with centre.service.context.ledger.read() as tx:
        queued = sorted((one["kind"], one["dossier"]) for one in outbox.pending(tx))
    files = [("attach", DOSSIER), ("attach", "H60.127.03-260930-0013")]
    assert queued == [*files, ("update_fields", "H60.127.03-260930-0013")]
    assert centre.record(waiting).state == RecordState.REVIEW


def test_only_the_owner_decides_and_delivers(sides: tuple[Side, Side]) -> None:
    commune, centre = sides
    id_ = commune.digitized("a.pdf")
    centre.service.hand_carry.take_in(commune.out("1.zip"), by="t")
    with pytest.raises(UsageError):
        centre.service.review.approve(id_, by="t")
    assert centre.service.deliveries.deliver() == []
    centre.service.hand_carry.take_in(commune.out("2.zip", hand_over=True, everything=True), by="t")
    with pytest.raises(UsageError):
        commune.correct(id_, "X")
    assert commune.service.deliveries.deliver() == []
    centre.service.review.approve(id_, by="t")
    assert sorted(r.delivery for r in centre.service.deliveries.deliver())
    with pytest.raises(UsageError):
        commune.out("3.zip", everything=True)


def test_what_was_not_read_yet_is_read_by_the_new_owner(sides: tuple[Side, Side]) -> None:
    commune, centre = sides
    bundle = commune.digitized("a.pdf", state="NEW")
    centre.service.hand_carry.take_in(commune.out(hand_over=True), by="t")
    assert centre.service.status.now().jobs == {"QUEUED": 1} or sum(centre.service.status.now().jobs.values()) == 1
    with centre.service.context.ledger.read() as tx:
        assert hand_carry.owner(tx, bundle) is None


def test_an_edit_on_both_sides_waits_for_a_checker_with_both_versions(sides: tuple[Side, Side]) -> None:
    commune, centre = sides
    id_ = commune.digitized("a.pdf")
    package = commune.out("1.zip")
    centre.service.hand_carry.take_in(package, by="t")
    with centre.service.context.ledger.begin() as tx:
        hand_carry.give(tx, id_.split("/")[0], None, actor="somebody who did not wait")
    centre.correct(id_, "NÔNG THỊ BÀ")
    commune.correct(id_, "NÔNG THỊ BẢ")
    taken = centre.service.hand_carry.take_in(commune.out("2.zip"), by="t")
    assert taken.differs == (id_,)
    assert centre.record(id_).state == RecordState.DIFFERS
    with centre.service.context.ledger.read() as tx:
        said = [records.at(tx, id_, n) for n in (1, 2, 3)]
    assert [k.record.fields[0].value for k in said if k] == ["NÔNG THỊ A", "NÔNG THỊ BÀ", "NÔNG THỊ BẢ"]
    centre.service.hand_carry.take_in(package, by="t")
    assert centre.record(id_).record.revision == 3
    with pytest.raises(UsageError):
        centre.service.review.approve(id_, by="t")
    centre.correct(id_, "NÔNG THỊ BẢ")
    assert centre.service.review.approve(id_, by="t").state == RecordState.READY


@pytest.mark.parametrize(("theirs", "value"), [(False, "NÔNG THỊ BÀ"), (True, "NÔNG THỊ BẢ")])
def test_a_checker_takes_one_side_as_it_is(sides: tuple[Side, Side], theirs: bool, value: str) -> None:
    commune, centre = sides
    id_ = commune.digitized("a.pdf")
    centre.service.hand_carry.take_in(commune.out("1.zip"), by="t")
    with pytest.raises(UsageError):
        centre.service.review.sides(id_)
    with centre.service.context.ledger.begin() as tx:
        hand_carry.give(tx, id_.split("/")[0], None, actor="somebody who did not wait")
    centre.correct(id_, "NÔNG THỊ BÀ")
    commune.correct(id_, "NÔNG THỊ BẢ")
    centre.service.hand_carry.take_in(commune.out("2.zip"), by="t")
    shown = CliRunner().invoke(cli, ["--home", str(centre.service.settings.home), "records", "--state", "DIFFERS"])
    assert "NÔNG THỊ BÀ | bên kia NÔNG THỊ BẢ" in shown.stdout
    assert f"{id_[:12]}/0/0  a.pdf  Trích lục khai sinh  hai bên khác nhau" in shown.stdout
    refused = CliRunner().invoke(cli, ["--home", str(centre.service.settings.home), "approve", id_[:12], "--by", "t"])
    assert isinstance(refused.exception, UsageError)
    assert refused.exception.facts["state"] == "DIFFERS"
    centre.service.review.settle(id_, theirs=theirs, by="kiểm tra viên")
    settled = centre.record(id_)
    assert (settled.state, settled.record.revision, settled.record.fields[0].value) == (RecordState.REVIEW, 4, value)
    with pytest.raises(UsageError):
        centre.service.review.settle(id_, theirs=theirs, by="kiểm tra viên")
    assert centre.service.review.approve(id_, by="t").state == RecordState.READY


def test_a_package_from_a_stranger_and_a_changed_one_are_refused(sides: tuple[Side, Side], tmp_path: Path) -> None:
    commune, centre = sides
    id_ = commune.digitized("a.pdf")
    package = commune.out()
    shutil.rmtree(centre.service.settings.home / "keys" / "trusted")
    with pytest.raises(SealUntrusted):
        centre.service.hand_carry.take_in(package, by="t")
    (tmp_path / "other.pem").write_text(signed_folders.KeyRing(commune.service.settings.home).own().pem)
    signed_folders.KeyRing(centre.service.settings.home).trust(tmp_path / "other.pem", "xa")
    data = bytearray(package.read_bytes())
    data[data.index(b"a.pdf read")] ^= 1
    package.write_bytes(data)
    with pytest.raises(SealBroken):
        centre.service.hand_carry.take_in(package, by="t")
    with centre.service.context.ledger.read() as tx:
        assert not hand_carry.known(tx, id_.split("/")[0])
