"""Signatures: what they prove, where they stand, and what breaks them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pikepdf
import pymupdf
import pytest

from digitizer.errors import ConfigError, InputError, SigningFailed
from digitizer.output.signatures import Signing, check_signatures, pkcs11, pkcs12, sign_pdf
from tests.conftest import Answer
from tests.pki import SECRET, SIGNER, SOFTHSM, Authority, authority, software_token
from tests.unit.output.builders import document, text_of, written
from tests.validators import qpdf, verapdf

AT = datetime(2026, 9, 30, 2, 3, 4, tzinfo=UTC)
AGENCY = "Ủy ban nhân dân xã Nậm Đíp"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with authority(tmp_path_factory.mktemp("pki")) as made:
        yield made


def roots(made: Authority) -> tuple[Path, ...]:
    return (made.roots / "root.pem",)


def signed(made: Authority, pdf: Path, target: Path, level: str = "B-B") -> Path:
    with pkcs12(made.p12, SECRET) as signer:
        signing = Signing(signer=signer, agency=AGENCY, level=level, tsa=f"{made.url}/tsa", roots=roots(made))
        sign_pdf(pdf, target, signing, at=AT)
    return target


@pytest.mark.slow
@pytest.mark.parametrize("level", ["B-B", "B-T", "B-LT"])
def test_a_signature_is_valid_changes_no_byte_and_stays_pdfa(tmp_path: Path, made: Authority, level: str) -> None:
    pdf, _ = written(tmp_path, document(0, "decision"))
    target = signed(made, pdf, tmp_path / "a.signed.pdf", level)
    assert target.read_bytes().startswith(pdf.read_bytes())
    (report,) = check_signatures(target, roots(made))
    assert (report.valid, report.level, report.signer, report.problem) == (True, level, SIGNER, "")
    assert (report.stamped_at is not None) == (level != "B-B")
    assert qpdf(target) == ""
    assert verapdf(target) == {target: "PASS"}


@pytest.mark.slow
@pytest.mark.parametrize("rotation", [0, 90, 270])
def test_it_stands_at_the_top_right_of_page_one_upright(tmp_path: Path, made: Authority, rotation: int) -> None:
    pdf, _ = written(tmp_path, texts=[text_of("", rotation=rotation)])
    target = signed(made, pdf, tmp_path / "a.signed.pdf")
    with pymupdf.open(pdf) as before, pymupdf.open(target) as after:
        a, b = (np.frombuffer(d[0].get_pixmap(dpi=72).samples, np.uint8).astype(int) for d in (before, after))
        shown = after[0].get_pixmap(dpi=72)
        changed = np.argwhere(np.abs(a - b).reshape(shown.height, shown.width, 3).sum(axis=2) > 60)
    top, left = changed.min(axis=0)
    bottom, right = changed.max(axis=0)
    assert 10 < top < bottom < 90
    assert shown.width - 25 < right < shown.width - 10
    assert left > shown.width * 0.4
    assert right - left > 2 * (bottom - top), "its lines run across the page"


@pytest.mark.slow
def test_a_changed_byte_and_an_unknown_issuer_are_told(tmp_path: Path, made: Authority) -> None:
    pdf, _ = written(tmp_path)
    target = signed(made, pdf, tmp_path / "a.signed.pdf")
    (report,) = check_signatures(target, ())
    assert (report.valid, report.intact, report.problem) == (False, True, "not_trusted")
    data = bytearray(target.read_bytes())
    data[data.index(b"/Producer") if b"/Producer" in data else 2000] ^= 1
    changed = tmp_path / "changed.pdf"
    changed.write_bytes(data)
    (report,) = check_signatures(changed, roots(made))
    assert (report.valid, report.problem) == (False, "changed")


def test_something_drawn_on_later_is_told(tmp_path: Path, made: Authority) -> None:
    pdf, _ = written(tmp_path)
    target = signed(made, pdf, tmp_path / "a.signed.pdf")
    with pymupdf.open(target) as opened:
        opened[0].insert_text((72, 300), "them vao sau")
        opened.saveIncr()
    (report,) = check_signatures(target, roots(made))
    assert (report.valid, report.problem) == (False, "changed_later")


@pytest.mark.slow
def test_a_second_signature_stands_below_the_first_and_both_are_valid(tmp_path: Path, made: Authority) -> None:
    pdf, _ = written(tmp_path)
    target = signed(made, signed(made, pdf, tmp_path / "1.pdf"), tmp_path / "2.pdf")
    assert [r.valid for r in check_signatures(target, roots(made))] == [True, True]
    with pikepdf.open(target) as opened:
        first, second = (annotation.Rect for annotation in opened.pages[0].Annots)
    assert float(second[3]) < float(first[1])


@pytest.mark.slow
def test_a_software_token_signs(tmp_path: Path, made: Authority) -> None:
    if not SOFTHSM.exists():
        pytest.skip("no software token: Debian package softhsm2")
    software_token(made)
    pdf, _ = written(tmp_path)
    with pkcs11(SOFTHSM, token="tem", key="ky", secret=SECRET) as signer:
        sign_pdf(pdf, tmp_path / "t.pdf", Signing(signer=signer, agency=AGENCY), at=AT)
    (report,) = check_signatures(tmp_path / "t.pdf", roots(made))
    assert (report.valid, report.signer) == (True, SIGNER)
    with pytest.raises(SigningFailed), pkcs11(SOFTHSM, token="tem", key="ky", secret="sai"):
        pass


def test_a_wrong_secret_a_missing_authority_and_a_damaged_pdf_have_errors_of_ours(tmp_path: Path, made: Authority) -> None:
    with pytest.raises(SigningFailed), pkcs12(made.p12, "sai"):
        pass
    pdf, _ = written(tmp_path)
    with pkcs12(made.p12, SECRET) as signer:
        with pytest.raises(SigningFailed):
            sign_pdf(pdf, tmp_path / "a.pdf", Signing(signer=signer, agency="", level="B-T", tsa="http://127.0.0.1:9/"), at=AT)
        with pytest.raises(ConfigError):
            sign_pdf(pdf, tmp_path / "a.pdf", Signing(signer=signer, agency="", level="B-T"), at=AT)
        broken = tmp_path / "broken.pdf"
        broken.write_bytes(b"%PDF-1.4 nothing")
        with pytest.raises(InputError):
            sign_pdf(broken, tmp_path / "a.pdf", Signing(signer=signer, agency=""), at=AT)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith("a.pdf") or ".part" in p.name]


@pytest.mark.slow
def test_a_batch_is_signed_and_verified_from_the_command_line(
    tmp_path: Path, made: Authority, digitizer: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    pdf, _ = written(tmp_path)
    folder = tmp_path / "batch"
    (folder / "sub").mkdir(parents=True)
    for place in (folder / "1.pdf", folder / "sub" / "2.pdf"):
        place.write_bytes(pdf.read_bytes())
    (folder / "3.pdf").write_bytes(b"%PDF-1.4 nothing")
    monkeypatch.setenv("DIGITIZER_SIGNING__SECRET", SECRET)
    command = ["sign", folder, "--pkcs12", made.p12, "--agency-name", AGENCY, "--output", tmp_path / "signed", "--json"]
    first = digitizer(*command)
    assert first.code == 21
    assert sorted(d["state"] for d in json.loads(first.out)) == ["failed", "signed", "signed"]
    assert sorted(d["state"] for d in json.loads(digitizer(*command).out)) == ["failed", "skipped", "skipped"]
    checked = digitizer("verify", tmp_path / "signed" / "sub" / "2.signed.pdf", "--authorities", made.roots, "--json")
    assert (checked.code, checked.json[0]["signatures"][0]["valid"]) == (0, True)
    assert SIGNER in digitizer("verify", tmp_path / "signed" / "1.signed.pdf", "--authorities", made.roots).out
    assert digitizer("verify", tmp_path / "signed" / "1.signed.pdf").code == 4
    assert digitizer("verify").code == 0
