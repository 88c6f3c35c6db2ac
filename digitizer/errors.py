"""Every error of ours, with its exit code, HTTP status and whether trying again may help. Each inherits what it does not state.

DigitizerError            exit 15, HTTP 500
├─ UsageError             exit 1, HTTP 400
│  ├─ NotKnown            HTTP 401
│  ├─ NotAllowed          HTTP 403
│  ├─ NotFound            HTTP 404
│  ├─ AmbiguousId
│  ├─ TooSlow             HTTP 408
│  ├─ Conflict            HTTP 409
│  ├─ RepeatDiffers       HTTP 422
│  └─ TooMany             HTTP 429
├─ ConfigError            exit 9
│  └─ DocTypeError
├─ ModelError             exit 22
├─ InputError             exit 2, HTTP 422
│  ├─ DamagedFile
│  ├─ UnsupportedFormat   HTTP 415
│  ├─ TooLarge            HTTP 413
│  ├─ EncryptedPdf        exit 8
│  ├─ PdfPortfolio        HTTP 415
│  ├─ XfaForm             HTTP 415
│  ├─ SealBroken
│  └─ SealUntrusted
├─ OutputInvalid          exit 4
├─ FileAccess             exit 5
│  └─ ListingUnreadable
├─ SigningFailed          exit 7
├─ EngineError            exit 7
│  ├─ EngineMissing       exit 3
│  └─ EngineFailed
├─ ServiceError           exit 23, HTTP 503, retry
│  ├─ StoreDown
│  ├─ StoreFull
│  ├─ LedgerDown
│  ├─ QueueDown
│  └─ Busy
└─ AttachError            exit 24, HTTP 409
   ├─ DossierNotFound
   ├─ AttachRefused
   ├─ NotSupported
   ├─ NotApproved
   ├─ AddressRefused
   └─ ConnectorDown       HTTP 503, retry
      ├─ ConnectorBusy
      ├─ ConnectorLogin
      └─ ReadBackDiffers

An error carries a `code` and `facts`: file names, limits and counts, never a person's data. The sentence for the operator
stands in `digitizer/messages/` and says what to do next. It stands under `sentence` where one says more of this very error, else
under the code.
"""

from __future__ import annotations

from typing import ClassVar

Fact = str | int | float


class DigitizerError(Exception):
    """Something went wrong inside digitizer."""

    code: ClassVar[str] = "internal"
    exit_code: ClassVar[int] = 15
    http_status: ClassVar[int] = 500
    retry: ClassVar[bool] = False

    def __init__(self, message: str = "", *, sentence: Fact = "", **facts: Fact) -> None:
        self.message = message or (type(self).__doc__ or "").partition("\n")[0]
        #: what stands in `digitizer/messages/` for this very error. Its code where nothing more exact does
        self.sentence = str(sentence) or self.code
        self.facts = facts
        super().__init__(self.message)

    def __str__(self) -> str:
        facts = ", ".join(f"{name}={value}" for name, value in self.facts.items())
        return f"{self.message} ({facts})" if facts else self.message


class UsageError(DigitizerError):
    """The command or request is wrong."""

    code, exit_code, http_status = "usage", 1, 400


class NotKnown(UsageError):
    """The request carries no valid API key."""

    code, http_status = "not_known", 401


class NotAllowed(UsageError):
    """The API key does not cover this."""

    code, http_status = "not_allowed", 403


class NotFound(UsageError):
    """There is no such thing, or not for this caller."""

    code, http_status = "not_found", 404


class AmbiguousId(UsageError):
    """Several ids begin so. The fact `candidates` lists some of them."""

    code = "ambiguous_id"


class TooSlow(UsageError):
    """The request took too long to arrive."""

    code, http_status = "too_slow", 408


class Conflict(UsageError):
    """Not possible in the state it is in."""

    code, http_status = "conflict", 409


class RepeatDiffers(UsageError):
    """An Idempotency-Key was used again for another request."""

    code, http_status = "repeat_differs", 422


class TooMany(UsageError):
    """A limit of the API key is used up. The fact `retry_after_s` says when to come again."""

    code, http_status = "too_many", 429


class ConfigError(DigitizerError):
    """The configuration is wrong, so nothing was started."""

    code, exit_code = "config", 9


class DocTypeError(ConfigError):
    """A document type declaration is wrong."""

    code = "doctype"


class ModelError(DigitizerError):
    """A model failed its hash or charset check."""

    code, exit_code = "model", 22


class InputError(DigitizerError):
    """The file cannot be read."""

    code, exit_code, http_status = "input", 2, 422


class DamagedFile(InputError):
    """The file is damaged."""

    code = "damaged_file"


class UnsupportedFormat(InputError):
    """The file is not a PDF, TIFF, JPEG or PNG."""

    code, http_status = "unsupported_format", 415


class TooLarge(InputError):
    """The file or a page of it is over a limit."""

    code, http_status = "too_large", 413


class EncryptedPdf(InputError):
    """The PDF needs a password."""

    code, exit_code = "encrypted_pdf", 8


class PdfPortfolio(InputError):
    """The PDF is an envelope: its papers are files attached to it (ISO 32000-1, 12.3.5)."""

    code, http_status = "pdf_portfolio", 415


class XfaForm(InputError):
    """The PDF is a form without pages: a program draws them when it is opened (ISO 32000-1, 12.7.8)."""

    code, http_status = "xfa_form", 415


class SealBroken(InputError):
    """The package or folder is not what was sealed."""

    code = "seal_broken"


class SealUntrusted(InputError):
    """Nobody here trusts the key this was sealed with."""

    code = "seal_untrusted"


class OutputInvalid(DigitizerError):
    """What was written does not validate."""

    code, exit_code = "output_invalid", 4


class FileAccess(DigitizerError):
    """A file or folder cannot be read or written."""

    code, exit_code = "file_access", 5


class ListingUnreadable(FileAccess):
    """`dossiers.csv` is no UTF-8 or UTF-16, or has no columns for file and dossier."""

    code = "listing_unreadable"

    def __init__(self, *, file: str) -> None:
        super().__init__("dossiers.csv must be UTF-8 or UTF-16 and have the columns file and dossier", file=file)


class SigningFailed(DigitizerError):
    """A document could not be signed."""

    code, exit_code = "signing_failed", 7


class EngineError(DigitizerError):
    """The OCR engine failed."""

    code, exit_code = "engine", 7


class EngineMissing(EngineError):
    """The OCR engine is not installed."""

    code, exit_code = "engine_missing", 3


class EngineFailed(EngineError):
    """The OCR engine failed on a page."""

    code = "engine_failed"


class ServiceError(DigitizerError):
    """A service cannot be reached. The same call may succeed later."""

    code, exit_code, http_status, retry = "service", 23, 503, True


class StoreDown(ServiceError):
    """The store cannot be reached."""

    code = "store_down"


class StoreFull(ServiceError):
    """The store has no room left."""

    code = "store_full"


class LedgerDown(ServiceError):
    """The ledger cannot be reached."""

    code = "ledger_down"


class QueueDown(ServiceError):
    """The queue cannot be reached."""

    code = "queue_down"


class Busy(ServiceError):
    """The server is busy. The fact `retry_after_s` says when to come again."""

    code = "busy"


class AttachError(DigitizerError):
    """The dossier system refused."""

    code, exit_code, http_status = "attach", 24, 409


class DossierNotFound(AttachError):
    """The dossier system does not know this dossier."""

    code = "dossier_not_found"


class AttachRefused(AttachError):
    """The dossier system refused the attachment."""

    code = "attach_refused"


class NotSupported(AttachError):
    """The dossier system has no function for this."""

    code = "not_supported"


class NotApproved(AttachError):
    """The record was corrected or rejected after its approval, so nothing of it was sent."""

    code = "not_approved"


class AddressRefused(AttachError):
    """A callback address leads where callbacks must not go."""

    code = "address_refused"


class ConnectorDown(AttachError):
    """The dossier system cannot be reached."""

    code, http_status, retry = "connector_down", 503, True
    #: seconds after which it wants to be asked again, where it said so
    retry_after_s: float | None = None


class ConnectorBusy(ConnectorDown):
    """The dossier system asks to come back later."""

    code = "connector_busy"

    def __init__(self, message: str = "", *, retry_after_s: float | None = None, **facts: Fact) -> None:
        super().__init__(message, **facts)
        self.retry_after_s = retry_after_s


class ConnectorLogin(ConnectorDown):
    """The dossier system does not accept our credentials."""

    code = "connector_login"


class ReadBackDiffers(ConnectorDown):
    """What the dossier system holds is not what it was given."""

    code = "read_back_differs"
