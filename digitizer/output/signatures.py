"""Digital signatures on PDFs (PAdES, ETSI EN 319 142) with the look NĐ 30/2020/NĐ-CP asks for.

A signature is an incremental update, so all bytes of the file stay. Keys come from a PKCS#12 file or a PKCS#11 token.
A time-stamp authority is optional, because many offices have no network.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pikepdf
from PIL import Image
from pkcs11.exceptions import PKCS11Error
from pyhanko.config.pkcs11 import TokenCriteria
from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.images import PdfImage
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, InnerScaling, LayoutError, Margins, SimpleBoxLayoutRule
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.general import SigningError
from pyhanko.sign.pkcs11 import PKCS11Signer, open_pkcs11_session
from pyhanko.sign.timestamps.common_utils import TimestampRequestError
from pyhanko.sign.timestamps.requests_client import RequestsHTTPTimeStamper
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError
from pyhanko_certvalidator.fetchers.requests_fetchers import RequestsFetcherBackend

from digitizer.errors import ConfigError, FileAccess, InputError, SigningFailed
from digitizer.output.page_geometry import shown_size, shown_to_user
from digitizer.output.stamp import drawn

#: levels of PAdES: signature only, with a time stamp, with the data to check it years later
LEVELS = ("B-B", "B-T", "B-LT")
#: the look of a signature shows the time of Vietnam (NĐ 30/2020, annex I)
VIETNAM = timezone(timedelta(hours=7))
#: size of the letters of the look
_POINTS = 8.0
#: resolution of the image that `stamp.drawn` gives
_DPI = 300
#: points between the look and the edges of the page
_MARGIN = 18.0
#: layout in which the image fills its box
_FILLING = SimpleBoxLayoutRule(
    AxisAlignment.ALIGN_MID,
    AxisAlignment.ALIGN_MID,
    margins=Margins(),
    inner_content_scaling=InnerScaling.STRETCH_FILL,
)
#: errors that pyHanko and pikepdf raise for a damaged or unsupported PDF
_DAMAGED = (PdfError, LayoutError, ValueError, KeyError, TypeError, IndexError, pikepdf.PdfError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """Settings for signing a batch."""

    signer: signers.Signer
    #: name of the agency in the look
    agency: str
    #: one of LEVELS
    level: str = "B-B"
    #: URL of a time-stamp authority (RFC 3161), needed for B-T and B-LT
    tsa: str = ""
    #: PEM or DER files of trusted certificate authorities, needed for B-LT
    roots: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureReport:
    """The result of checking one signature."""

    #: name of the signature field
    field: str
    #: common name of the signer's certificate
    signer: str
    #: common name of the issuer
    issuer: str
    #: time of the signer's clock. None: the signature states none
    signed_at: datetime | None
    #: time of a time stamp that is intact and valid, else None
    stamped_at: datetime | None
    #: one of LEVELS. Empty: the signature is unreadable
    level: str
    #: the signed bytes are unchanged and the certificate's key signed them
    intact: bool
    #: the certificate leads to a trusted authority
    trusted: bool
    #: changes after signing, if any, are allowed ones: further signatures, their proofs, filled forms
    whole: bool
    #: intact, whole and trusted
    valid: bool
    #: reason why it is not valid: `changed`, `wrong_key`, `not_trusted`, `revoked`, `changed_later`, `unreadable`
    problem: str = ""


@contextmanager
def pkcs12(path: Path, secret: str) -> Iterator[signers.Signer]:
    """The signer in a `.p12` or `.pfx` file.

    Raises FileAccess, and SigningFailed for a wrong secret or another kind of file.
    """
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise FileAccess("the certificate cannot be read", file=path.name) from exc
    try:
        yield signers.SimpleSigner.load_pkcs12_data(data, (), secret.encode())
    except ValueError as exc:
        raise SigningFailed("the secret is wrong, or this is no PKCS#12 file", file=path.name) from exc


@contextmanager
def pkcs11(module: Path, *, token: str, key: str, secret: str) -> Iterator[signers.Signer]:
    """The signer on a PKCS#11 token.

    Args:
        module: library of the token's driver.
        token: label of the token.
        key: label of the certificate and its key.
        secret: the PIN.

    Raises SigningFailed.
    """
    try:
        with open_pkcs11_session(str(module), token_criteria=TokenCriteria(label=token), user_pin=secret) as session:
            yield PKCS11Signer(session, cert_label=key, other_certs_to_pull=None)
    except (PKCS11Error, RuntimeError, PdfError) as exc:
        raise SigningFailed("the token, its key or its PIN is not right", token=token, reason=type(exc).__name__) from exc


def sign_pdf(path: Path, target: Path, signing: Signing, *, at: datetime) -> None:
    """Writes a signed copy of `path` to `target`. The look shows the time `at`, an aware datetime.

    Raises SigningFailed (time stamp, chain, token), InputError (a PDF that cannot be signed), ConfigError, FileAccess.
    """
    _check(signing)
    part = target.with_name(f".{target.name}.part")
    try:
        shutil.copyfile(path, part)
        with _translated(path), part.open("rb+") as file:
            asyncio.run(_sign(file, path, signing, at))
        part.replace(target)
    except OSError as exc:
        raise FileAccess("cannot sign the file", file=path.name) from exc
    finally:
        part.unlink(missing_ok=True)


def _check(signing: Signing) -> None:
    if signing.level not in LEVELS:
        raise ConfigError(f"the level of a signature is one of {', '.join(LEVELS)}", level=signing.level)
    if signing.level != "B-B" and not signing.tsa:
        raise ConfigError(
            f"level {signing.level} needs a time-stamp authority: signing.tsa", sentence="tsa_missing", setting="signing.tsa"
        )
    if signing.level == "B-LT" and not signing.roots:
        raise ConfigError(
            "level B-LT needs the certificates of the authorities: signing.roots",
            sentence="authorities_missing",
            setting="signing.roots",
        )


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Translates pyHanko's errors into ours."""
    try:
        yield
    except TimestampRequestError as exc:
        raise SigningFailed("the time-stamp authority does not answer; sign at level B-B or later", file=path.name) from exc
    except (SigningError, PathError, ValidationError, SignatureValidationError) as exc:
        raise SigningFailed("the chain of the certificate cannot be proven", file=path.name, reason=type(exc).__name__) from exc
    except PKCS11Error as exc:
        raise SigningFailed("the token refused to sign", file=path.name, reason=type(exc).__name__) from exc
    except _DAMAGED as exc:
        raise InputError("this PDF cannot be signed; sign the digitized copy of it", file=path.name) from exc


async def _sign(file: BinaryIO, path: Path, signing: Signing, at: datetime) -> None:
    writer = IncrementalPdfFileWriter(file, strict=False)
    taken = sum(1 for _ in fields.enumerate_sig_fields(writer, filled_status=None))
    image = _look(await _name(signing.signer), signing.agency, at)
    place, image = _place(path, image, taken)
    stamper = RequestsHTTPTimeStamper(signing.tsa) if signing.level != "B-B" else None  # type: ignore[no-untyped-call]
    signer = signers.PdfSigner(
        signers.PdfSignatureMetadata(
            field_name=f"Signature{taken + 1}",
            md_algorithm="sha256",
            subfilter=fields.SigSeedSubFilter.PADES,
            embed_validation_info=signing.level == "B-LT",
            validation_context=_context(signing.roots, fetch=True) if signing.level == "B-LT" else None,
        ),
        signer=signing.signer,
        timestamper=stamper,
        stamp_style=StaticStampStyle(border_width=0, background=PdfImage(image, writer=writer), background_layout=_FILLING),
        new_field_spec=fields.SigFieldSpec(f"Signature{taken + 1}", on_page=0, box=place),
    )
    await signer.async_sign_pdf(writer, in_place=True)


async def _name(signer: signers.Signer) -> str:
    if isinstance(signer, PKCS11Signer):
        await signer.ensure_objects_loaded()  # type: ignore[no-untyped-call]
    return _common_name(signer.signing_cert) if signer.signing_cert is not None else ""


def _common_name(certificate: Any) -> str:
    return str(certificate.subject.native.get("common_name") or certificate.subject.human_friendly)


def _look(name: str, agency: str, at: datetime) -> Image.Image:
    """The look NĐ 30/2020 asks for: signer, agency, and the time to the second with its zone."""
    local = at.astimezone(VIETNAM)
    lines = [f"Ký bởi: {name}", f"Cơ quan: {agency}", f"Thời gian ký: {local:%d/%m/%Y %H:%M:%S} +07:00"]
    ink = drawn("\n".join(line for line in lines if not line.endswith(": ")), _POINTS)
    look = Image.new("RGB", ink.size, "white")
    look.paste((170, 20, 30), mask=ink.convert("L").point(lambda value: 255 - value))
    return look


def _place(path: Path, image: Image.Image, taken: int) -> tuple[tuple[int, int, int, int], Image.Image]:
    """(box, image) of the look at the top right of page 1 as a viewer shows it, below `taken` earlier signatures.

    The box is (x0, y0, x1, y1) in user space. The image is rotated by /Rotate, so viewers show it upright.
    """
    with pikepdf.open(path) as pdf:
        page = pdf.pages[0]
        (wide, high), to_user = shown_size(page), shown_to_user(page)
        rotation = int(page.obj.get("/Rotate", 0)) % 360
    scale = min(1.0, (wide - 2 * _MARGIN) / (image.width * 72 / _DPI), (high - 2 * _MARGIN) / (image.height * 72 / _DPI))
    w, h = image.width * 72 / _DPI * max(scale, 0.05), image.height * 72 / _DPI * max(scale, 0.05)
    top = min(_MARGIN + taken * (h + 4), max(high - h, 0))
    corners = to_user @ np.array([(wide - _MARGIN - w, wide - _MARGIN), (top, top + h), (1, 1)])
    (x0, x1), (y0, y1) = sorted(corners[0]), sorted(corners[1])
    upright = image.rotate(rotation, expand=True) if rotation else image
    return (round(x0), round(y0), round(x1), round(y1)), upright


def _context(roots: Sequence[Path], *, fetch: bool) -> ValidationContext:
    """The trusted authorities and the revocation rule.

    With `fetch` the network is asked, and an unknown revocation is an error. Without it, it is not.
    """
    return ValidationContext(
        trust_roots=_certificates(roots),
        allow_fetching=fetch,
        fetcher_backend=RequestsFetcherBackend(per_request_timeout=10) if fetch else None,
        revocation_mode="hard-fail" if fetch else "soft-fail",
    )


def _certificates(roots: Sequence[Path]) -> list[Any]:
    try:
        return list(load_certs_from_pemder([str(root) for root in roots]))  # type: ignore[no-untyped-call]
    except OSError as exc:
        raise FileAccess("the certificates of the authorities cannot be read", file=str(exc.filename)) from exc
    except ValueError as exc:
        raise ConfigError(
            "signing.roots names a file that is no certificate", sentence="no_certificate", setting="signing.roots"
        ) from exc


def check_signatures(path: Path, roots: Sequence[Path]) -> tuple[SignatureReport, ...]:
    """Checks each signature of a PDF, oldest first, without the network. `roots`: certificates of trusted authorities.

    Raises InputError, FileAccess, ConfigError.
    """
    try:
        with path.open("rb") as file:
            reader = PdfFileReader(file, strict=False)
            found = [signature for signature in reader.embedded_signatures if signature.sig_object_type == "/Sig"]
            return tuple(asyncio.run(_reports(reader, found, roots)))
    except OSError as exc:
        raise FileAccess("cannot read the file", file=path.name) from exc
    except _DAMAGED as exc:
        raise InputError("the signatures of this PDF cannot be read", file=path.name) from exc


async def _reports(reader: PdfFileReader, found: Sequence[Any], roots: Sequence[Path]) -> list[SignatureReport]:
    return [await _report(reader, signature, roots) for signature in found]


async def _report(reader: PdfFileReader, signature: Any, roots: Sequence[Path]) -> SignatureReport:
    certificate = signature.signer_cert
    kept = "/DSS" in reader.root
    try:
        status = await async_validate_pdf_signature(signature, _for_check(reader, roots))
    except (SignatureValidationError, *_DAMAGED):
        return SignatureReport(
            field=str(signature.field_name), signer=_common_name(certificate), issuer=_issuer(certificate), signed_at=None,
            stamped_at=None, level="", intact=False, trusted=False, whole=False, valid=False, problem="unreadable",
        )  # fmt: skip
    stamp = status.timestamp_validity
    intact, whole = bool(status.intact and status.valid), bool(status.docmdp_ok) and _covers(status)
    return SignatureReport(
        field=str(signature.field_name),
        signer=_common_name(certificate),
        issuer=_issuer(certificate),
        signed_at=status.signer_reported_dt,
        stamped_at=stamp.timestamp if stamp is not None and stamp.intact and stamp.valid else None,
        level="B-B" if stamp is None else "B-LT" if kept else "B-T",
        intact=intact,
        trusted=bool(status.trusted),
        whole=whole,
        valid=intact and whole and bool(status.trusted),
        problem=_problem(status, whole),
    )


def _for_check(reader: PdfFileReader, roots: Sequence[Path]) -> ValidationContext:
    if "/DSS" not in reader.root:
        return _context(roots, fetch=False)
    store = DocumentSecurityStore.read_dss(reader)
    return store.as_validation_context({"trust_roots": _certificates(roots), "allow_fetching": False})


def _covers(status: Any) -> bool:
    """Whether changes after this signature, if any, are allowed: further signatures, their proofs, filled forms."""
    return status.coverage in (SignatureCoverageLevel.ENTIRE_FILE, SignatureCoverageLevel.ENTIRE_REVISION) and (
        status.modification_level is None or status.modification_level <= ModificationLevel.FORM_FILLING
    )


def _problem(status: Any, whole: bool) -> str:
    if not status.intact:
        return "changed"
    if not status.valid:
        return "wrong_key"
    if not whole:
        return "changed_later"
    if status.revoked:
        return "revoked"
    return "" if status.trusted else "not_trusted"


def _issuer(certificate: Any) -> str:
    return str(certificate.issuer.native.get("common_name") or certificate.issuer.human_friendly)
