"""`sign` and `verify`: signatures on PDFs, hashes of what is stored or sealed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digitizer.cli import SOME_FAILED, Spoken, answer, language, settings, speak
from digitizer.errors import ConfigError, DigitizerError, FileAccess, OutputInvalid, UsageError
from digitizer.messages import say
from digitizer.settings import Settings, SigningOptions

if TYPE_CHECKING:  # pyHanko takes its time to import
    from digitizer.output.signatures import SignatureReport, Signing

#: what the name of a signed file ends in
SUFFIX = ".signed.pdf"


@click.command(cls=Spoken)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--output", type=click.Path(path_type=Path, file_okay=False))
@click.option("--pkcs12", type=click.Path(path_type=Path))
@click.option("--pkcs11", type=click.Path(path_type=Path))
@click.option("--token")
@click.option("--key")
@click.option("--agency-name", "signing_agency")
@click.option("--level", type=click.Choice(["B-B", "B-T", "B-LT"]))
@click.option("--tsa")
@click.option("--authorities", type=click.Path(path_type=Path, file_okay=False))
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def sign(
    ctx: click.Context, /, paths: tuple[Path, ...], output: Path | None, signing_agency: str | None, as_json: bool, **given: Any
) -> None:
    """Signs each PDF into `<name>.signed.pdf`. A second run goes on where the first stopped."""
    chosen = settings(ctx)
    options = _options(chosen.signing, agency=signing_agency, **given)
    files = _pdfs(paths)
    done: list[dict[str, str]] = []
    with _signing(options, chosen) as signing:
        for path, relative in files:
            done.append(_sign_one(path, (output / relative.parent if output else path.parent), signing, language(ctx)))
    answer(done, as_json, "\n".join(d["line"] for d in done if d["line"]))
    counts = {state: sum(d["state"] == state for d in done) for state in ("signed", "skipped", "failed")}
    speak(ctx, "signed_count", **counts)
    ctx.exit(SOME_FAILED if counts["failed"] else 0)


def _options(configured: SigningOptions, **given: Any) -> SigningOptions:
    return configured.changed(**{name: value for name, value in given.items() if value is not None})


def _pdfs(paths: Sequence[Path]) -> list[tuple[Path, Path]]:
    """(file, its name below what was given) of all PDFs that were not signed here."""
    found: list[tuple[Path, Path]] = []
    for path in paths:
        inside = sorted(path.rglob("*.pdf")) if path.is_dir() else [path]
        found += [(p, p.relative_to(path) if path.is_dir() else Path(p.name)) for p in inside if not p.name.endswith(SUFFIX)]
    return found


def _sign_one(path: Path, folder: Path, signing: Signing, lang: str) -> dict[str, str]:
    from digitizer.output.signatures import sign_pdf

    target = folder / f"{path.stem}{SUFFIX}"
    if target.exists():
        return {"file": str(path), "state": "skipped", "target": str(target), "line": ""}
    folder.mkdir(parents=True, exist_ok=True)
    try:
        sign_pdf(path, target, signing, at=datetime.now(UTC))
    except DigitizerError as exc:
        line = say("unsigned_line", lang, file=path, reason=say(exc.code, lang, **exc.facts))
        return {"file": str(path), "state": "failed", "error": exc.code, "line": line}
    line = say("signed_line", lang, file=path, target=target)
    return {"file": str(path), "state": "signed", "target": str(target), "line": line}


@contextmanager
def _signing(options: SigningOptions, chosen: Settings) -> Iterator[Signing]:
    """Yields the signer of a batch. A token stays open for all of it."""
    from digitizer.output.signatures import Signing, pkcs11, pkcs12

    secret = options.secret.get_secret_value() or click.prompt("PIN", hide_input=True, err=True)
    if options.pkcs11 is not None:
        opened = pkcs11(options.pkcs11, token=options.token, key=options.key, secret=secret)
    elif options.pkcs12 is not None:
        opened = pkcs12(options.pkcs12, secret)
    else:
        raise ConfigError(
            "name a certificate: --pkcs12 FILE, or --pkcs11 LIBRARY --token LABEL --key LABEL",
            sentence="certificate_missing",
            setting="signing",
        )
    with opened as signer:
        yield Signing(
            signer=signer, agency=options.agency, level=options.level, tsa=options.tsa, roots=authorities(options, chosen)
        )


def authorities(options: SigningOptions, chosen: Settings) -> tuple[Path, ...]:
    """The certificate files of the authorities we trust."""
    folder = options.authorities or chosen.home / "authorities"
    return tuple(sorted(p for p in folder.glob("*") if p.suffix.lower() in (".pem", ".crt", ".cer", ".der")))


@click.command(cls=Spoken)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--authorities", "trusted", type=click.Path(path_type=Path, file_okay=False))
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def verify(ctx: click.Context, paths: tuple[Path, ...], trusted: Path | None, as_json: bool) -> None:
    """Checks the store, or files: signatures of PDFs, folders against their manifest. Exit 4 when something has changed."""
    chosen = settings(ctx)
    if not paths:
        _verify_store(ctx, chosen, as_json)
    options = _options(chosen.signing, authorities=trusted)
    found = [_verify_path(path, authorities(options, chosen), chosen, language(ctx)) for path in paths]
    answer([f[1] for f in found], as_json, "\n".join(line for lines, _, _ in found for line in lines))
    ctx.exit(0 if all(good for _, _, good in found) else OutputInvalid.exit_code)


def _verify_store(ctx: click.Context, chosen: Settings, as_json: bool) -> None:
    from digitizer.service import Service

    with Service.open(chosen) as service:
        count, wrong = service.results.verify_store()
    answer(wrong, as_json, "\n".join(wrong))
    speak(ctx, "verified", count=count, wrong=len(wrong))
    ctx.exit(OutputInvalid.exit_code if wrong else 0)


def _verify_path(path: Path, roots: Sequence[Path], chosen: Settings, lang: str) -> tuple[list[str], dict[str, Any], bool]:
    """(lines for a person, the same for a machine, whether it holds)."""
    if not path.exists():
        raise FileAccess(f"there is no {path}", file=str(path))
    if path.is_dir():
        from digitizer import signed_folders

        manifest = signed_folders.check(path, signed_folders.KeyRing(chosen.home))
        line = say("sealed_whole", lang, file=path, count=len(manifest.files), at=f"{manifest.at:%d/%m/%Y %H:%M}")
        return [line], {"file": str(path), "files": len(manifest.files), "signer": manifest.signer}, True
    if path.suffix.lower() == ".json":
        return _verify_manifest(path, chosen, lang)
    if path.suffix.lower() != ".pdf":
        raise UsageError("verify takes PDFs, manifests and sealed folders", sentence="not_verifiable", file=str(path))
    from digitizer.output.signatures import check_signatures

    reports = check_signatures(path, roots)
    lines = [_signature_line(path, report, lang) for report in reports] or [say("signature_none", lang, file=path)]
    return lines, {"file": str(path), "signatures": [asdict(r) for r in reports]}, all(r.valid for r in reports)


def _verify_manifest(path: Path, chosen: Settings, lang: str) -> tuple[list[str], dict[str, Any], bool]:
    """Hashes again what a manifest of `export manifest` lists: files beside it, or those in the store."""
    from digitizer.service import Service

    hashes = _listed(path)
    with Service.open(chosen) as service:
        found = service.results.rehash(hashes, path.parent)
    wrong = {name: state for name, state in found.items() if state != "same"}
    lines = [say(f"manifest_{state}", lang, file=name) for name, state in wrong.items()]
    lines.append(say("verified", lang, count=len(found), wrong=len(wrong)))
    return lines, {"file": str(path), "files": len(found), "wrong": wrong}, not wrong


def _listed(path: Path) -> dict[str, str]:
    """Path -> SHA-256 of a manifest. Raises UsageError."""
    from digitizer.service.results import MANIFEST

    try:
        listed = json.loads(path.read_text(encoding="utf-8"))
        if listed["schema"] == MANIFEST:
            return {str(file["path"]): str(file["sha256"]) for file in listed["files"]}
    except (ValueError, KeyError, TypeError):
        pass
    raise UsageError("this is no manifest of digitizer", sentence="no_manifest", file=str(path))


def _signature_line(path: Path, report: SignatureReport, lang: str) -> str:
    from digitizer.output.signatures import VIETNAM

    at = report.stamped_at or report.signed_at
    facts = {
        "file": path,
        "field": report.field,
        "level": report.level or "—",
        "signer": report.signer,
        "time": f"{at.astimezone(VIETNAM):%d/%m/%Y %H:%M:%S %z}" if at else "—",
    }
    if report.valid:
        return say("signature_valid", lang, **facts)
    return say("signature_invalid", lang, problem=say(f"signature_problem_{report.problem}", lang), **facts)
