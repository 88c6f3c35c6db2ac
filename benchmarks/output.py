"""Is what comes out valid, and does it copy: `make validate`. And the same scans through OCRmyPDF, side by side.

`output.py FOLDER …` ingests folders and odd files drawn on the spot. veraPDF and `qpdf --check` judge every PDF, and the text
that Poppler, PDFium and MuPDF copy is held against the result's, word by word. Signed PDFs, left as they came, and those that say
`not_pdfa` are counted apart. A PDF of more than a hundred pages that are all the same is read once, by its first page. With
`--readings HOME`, where the folders were digitized before, pages the present engine read there are not read again. All after
reading is made anew. `output.py --beside SCAN …` runs scans with labels (`labels.tsv` beside them) through `digitizer
ingest` and OCRmyPDF with Tesseract `vie`: bytes, CPU seconds, validity, character errors of what Poppler copies.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.measure import Errors  # noqa: E402
from benchmarks.run import _cpu_seconds, items, save  # noqa: E402
from digitizer.text import nfc  # noqa: E402

#: notes under which a PDF does not claim to be PDF/A
EXCUSED = {"not_pdfa", "signed_unchanged"}
#: a PDF of more pages is read by its first
LONG = 100
#: a page of the text that is drawn
SAMPLE = ROOT / "samples" / "decision" / "decision_01.jpg"


def main() -> int:
    """0 when every PDF that claims PDF/A is, qpdf finds none damaged, and all copy as their results say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--beside", nargs="+", type=Path, default=[], help="scans to run through OCRmyPDF too")
    parser.add_argument("--readings", type=Path, help="a home in which the folders were digitized before")
    parser.add_argument("--jobs", default="1")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results")
    given = parser.parse_args()
    if given.beside and find_spec("ocrmypdf") is None:
        parser.error("OCRmyPDF is not installed: .venv/bin/pip install -e '.[bench]'")
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as home:
        if given.readings:
            figures["pages read before"] = take_over(given.readings, Path(home) / "home")
        if given.folders:
            odd(Path(home) / "odd")
            figures["validity"] = validity([*given.folders, Path(home) / "odd"], Path(home), given.jobs)
        if given.beside:
            figures["beside"] = beside(given.beside, Path(home))
    print(json.dumps(figures, ensure_ascii=False, indent=1))
    print(save(figures, given.output, "output" if given.folders else "beside"))
    found = figures.get("validity", {})
    return 1 if any(found.get(key) for key in ("not pdfa", "damaged", "differ")) else 0


# --- validity -------------------------------------------------------------------------------------------------------


def validity(folders: list[Path], home: Path, jobs: str) -> dict[str, Any]:
    """Counts, and the files that fall short."""
    made, refused, long = [], Counter[str](), long_ones(folders)
    for number, folder in enumerate(folders):
        pdfs, codes = digitized(short(folder, long, home), home, number, jobs)
        made, refused = made + pdfs, refused + codes
    repeated = [by_first_page(file, home / "long") for file in long]
    made += repeated
    excused = {pdf: codes for pdf in made if (codes := notes(pdf) & EXCUSED)}
    claimed = [pdf for pdf in made if pdf not in excused]
    verdicts = judged(claimed)
    shown = {pdf: str(pdf.relative_to(home)) for pdf in made}
    ours = [pdf for pdf in made if "signed_unchanged" not in notes(pdf)]
    copies = {name: {pdf: words(copy(pdf)) for pdf in ours} for name, copy in READERS.items()}
    read = {pdf: said(pdf) for pdf in ours}
    differ = {name: [shown[pdf] for pdf in ours if Counter(found[pdf]) != Counter(read[pdf])] for name, found in copies.items()}
    return {
        "pdfs": len(made),
        "read by their first page": {shown[pdf]: len(result(pdf)["pages"]) for pdf in repeated},
        "pass veraPDF": sum(verdict == "PASS" for verdict in verdicts.values()),
        "not pdfa": [shown[pdf] for pdf, verdict in verdicts.items() if verdict != "PASS"],
        "excused": {shown[pdf]: sorted(codes) for pdf, codes in excused.items()},
        "damaged": [shown[pdf] for pdf in made if not whole(pdf)],
        "copy as read": {name: len(ours) - len(files) for name, files in differ.items()},
        "in the same order": {name: sum(found[pdf] == read[pdf] for pdf in ours) for name, found in copies.items()},
        "differ": {name: files for name, files in differ.items() if files},
        "pages made pictures": sum("pages_pictured" in notes(pdf) for pdf in made),
        "refused": dict(refused),
    }


def digitized(folder: Path, home: Path, number: int, jobs: str) -> tuple[list[Path], Counter[str]]:
    """The PDFs made of what lies in `folder`, and why other files gave none."""
    output = home / f"out{number}"
    command = [sys.executable, "-m", "digitizer", "--home", str(home / "home"), "--lang", "en", "ingest", str(folder)]
    done = subprocess.run(
        [*command, "--output", str(output), "--jobs", jobs, "--json"], stdout=subprocess.PIPE, cwd=ROOT, text=True
    )
    rows = json.loads(done.stdout)["files"]
    return sorted(output.rglob("*.pdf")), Counter(row["message"] for row in rows if row["state"] != "DIGITIZED")


def take_over(readings: Path, home: Path) -> int:
    """Makes `home` a copy of the home `readings` where all but reading is to be done again. Returns how many pages are read."""
    from sqlalchemy import func, select

    from digitizer.ledger import schema
    from digitizer.service import Service
    from digitizer.settings import Settings

    shutil.copytree(readings, home)
    with Service.open(Settings(home=home)) as service:
        with service.context.ledger.read() as tx:
            intakes = tx.execute(select(schema.intake.c.id).where(schema.intake.c.state == "DIGITIZED")).scalars().all()
            read = schema.page.c.engine == service.context.tools.fingerprint
            pages = int(tx.execute(select(func.count()).select_from(schema.page).where(read)).scalar_one())
        for intake in intakes:
            service.recovery.retry(intake, by="benchmarks/output.py")
    return pages


def long_ones(folders: list[Path]) -> list[Path]:
    """The PDFs of more than `LONG` pages."""
    import pymupdf

    found = []
    for file in sorted(file for folder in folders for file in folder.rglob("*.pdf")):
        try:
            with pymupdf.open(file) as pdf:
                found += [file] if not pdf.needs_pass and len(pdf) > LONG else []
        except pymupdf.FileDataError:
            continue
    return found


def short(folder: Path, long: list[Path], home: Path) -> Path:
    """`folder`, or links to all it has but `long`."""
    if not any(file.is_relative_to(folder) for file in long):
        return folder
    links = home / "short" / folder.name
    for file in folder.rglob("*"):
        if file.is_file() and file not in long:
            link = links / file.relative_to(folder)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(file.resolve())
    return links


def by_first_page(file: Path, folder: Path) -> Path:
    """The PDF of a PDF whose pages are all the same, its first page read by the engine. ValueError where they differ."""
    import pikepdf

    from digitizer.model import Source
    from digitizer.pipeline import Reading, finish, read_pages, render_files
    from digitizer.service import Service
    from digitizer.settings import Settings

    with pikepdf.open(file) as pdf:
        pages = len(pdf.pages)
        if len({(page.Contents.read_bytes(), page.Resources.unparse(True), str(page.mediabox)) for page in pdf.pages}) > 1:
            raise ValueError(f"{file} has {pages} pages, which differ: reading one does not do")
    with Service.open(Settings(home=folder / "home")) as service:
        tools = service.context.tools
    (first,) = read_pages(file, source="long", scans=[0], tools=tools)
    readings = [
        (n, Reading(scan=n, texts=tuple(replace(text, scan=n) for text in first.texts), seconds={})) for n in range(pages)
    ]
    source = Source(id="long", key="", media_type="application/pdf", size=file.stat().st_size)
    made = finish(bundle="long", sources=(source,), readings=readings, tools=tools)
    render_files(made, {"long": file}, name=file.stem, into=folder, tools=tools)
    return folder / f"{file.stem}.pdf"


def notes(pdf: Path) -> set[str]:
    """Codes of what was noticed, from the result beside it."""
    return {problem["code"] for problem in result(pdf)["problems"]}


def result(pdf: Path) -> dict[str, Any]:
    """The result beside a PDF."""
    found: dict[str, Any] = json.loads(pdf.with_suffix(".json").read_text(encoding="utf-8"))
    return found


def whole(pdf: Path) -> bool:
    """Whether qpdf finds nothing."""
    return subprocess.run(["qpdf", "--check", pdf], capture_output=True).returncode == 0


def judged(files: list[Path]) -> dict[Path, str]:
    """File -> PASS or FAIL by veraPDF, missing ones as FAIL."""
    if not files:
        return {}
    command = [ROOT / "scripts" / "verapdf.sh", "--flavour", "2b", "--format", "text", *files]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout
    verdicts = [line.split(" ", 1) for line in said.splitlines() if line[:5] in ("PASS ", "FAIL ")]
    found = {Path(rest.removesuffix(" 2b")): verdict for verdict, rest in verdicts}
    return {file: found.get(file, "FAIL") for file in files}


# --- text -----------------------------------------------------------------------------------------------------------


def words(text: str) -> list[str]:
    """The words of a text."""
    return nfc(text).split()


def said(pdf: Path) -> list[str]:
    """The words of the result, in its order."""
    return words("\n".join(line["text"] for page in result(pdf)["pages"] for line in page["lines"]))


def poppler(pdf: Path) -> str:
    """What Poppler copies."""
    return subprocess.run(["pdftotext", "-raw", pdf, "-"], stdout=subprocess.PIPE, check=True).stdout.decode()


def pdfium(pdf: Path) -> str:
    """What PDFium (Chrome) copies."""
    import pypdfium2

    opened = pypdfium2.PdfDocument(pdf)
    try:
        return "\n".join(opened[number].get_textpage().get_text_bounded() for number in range(len(opened)))
    finally:
        opened.close()


def mupdf(pdf: Path) -> str:
    """What MuPDF copies."""
    import pymupdf

    with pymupdf.open(pdf) as opened:
        return "\n".join(page.get_text() for page in opened)


READERS: dict[str, Callable[[Path], str]] = {"Poppler": poppler, "PDFium": pdfium, "MuPDF": mupdf}


# --- odd files ------------------------------------------------------------------------------------------------------


def odd(folder: Path) -> None:
    """Draws files that are seldom seen, each with a page of text."""
    import numpy as np
    import pikepdf
    import pymupdf
    from PIL import Image

    folder.mkdir()
    with Image.open(SAMPLE) as opened:
        page, dpi = opened.convert("RGB"), (200, 200)
    grey = np.asarray(page.convert("L")).astype(np.uint16) * 257
    Image.fromarray(grey).save(folder / "sixteen.png", dpi=dpi)
    Image.fromarray(grey).save(folder / "sixteen.tif", dpi=dpi)
    page.convert("CMYK").save(folder / "cmyk.jpg", dpi=dpi, quality=90)
    page.convert("L").convert("1").save(folder / "fax.tif", compression="group4", dpi=dpi)
    turned = Image.Exif()
    turned[0x0112] = 6
    page.rotate(90, expand=True).save(folder / "turned.jpg", dpi=dpi, quality=90, exif=turned)
    page.save(folder / "page.jp2", quality_layers=[20])
    with pymupdf.open() as pdf:
        shown = pdf.new_page(width=595, height=842)
        shown.insert_image(shown.rect, filename=folder / "page.jp2")
        pdf.save(folder / "jpeg2000.pdf")
        box = pymupdf.Widget()
        box.field_type, box.field_name, box.field_value = pymupdf.PDF_WIDGET_TYPE_TEXT, "so", "12/2018"
        box.rect = pymupdf.Rect(300, 780, 500, 800)
        shown.add_widget(box)
        pdf.embfile_add("hidden.txt", b"hidden")
        pdf.save(folder / "form.pdf", encryption=pymupdf.PDF_ENCRYPT_NONE)
        pdf.save(folder / "locked.pdf", encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="a", user_pw="b")
    (folder / "page.jp2").unlink()
    with pikepdf.open(folder / "form.pdf", allow_overwriting_input=True) as script:
        script.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        script.save()


# --- side by side ---------------------------------------------------------------------------------------------------


def beside(scans: list[Path], home: Path) -> dict[str, Any]:
    """The same scans by us, in one run of `ingest`, and by OCRmyPDF, in a run each, as it works. One core each."""
    labels = {path.name: truth["text"] for folder in {scan.parent for scan in scans} for path, truth in items(folder)}
    source = home / "scans"
    source.mkdir()
    for scan in scans:
        (source / scan.name).symlink_to(scan.resolve())
    found = {name: (seconds(run, source, home / name), home / name) for name, run in (("digitizer", ours), ("OCRmyPDF", theirs))}
    return {
        "scans": [scan.name for scan in scans],
        **{name: judged_beside(spent, out, labels) for name, (spent, out) in found.items()},
    }


def seconds(run: Callable[[Path, Path], None], source: Path, out: Path) -> float:
    """CPU seconds of the process tree."""
    before = _cpu_seconds()
    run(source, out)
    return _cpu_seconds() - before


def ours(source: Path, out: Path) -> None:
    """`digitizer ingest` with one worker."""
    command = [
        sys.executable,
        "-m",
        "digitizer",
        "--home",
        f"{out}-home",
        "ingest",
        str(source),
        "--output",
        str(out),
        "--jobs",
        "1",
    ]
    subprocess.run(command, stdout=subprocess.DEVNULL, cwd=ROOT)


def theirs(source: Path, out: Path) -> None:
    """OCRmyPDF on each scan, as it is run for archives."""
    out.mkdir()
    for scan in sorted(source.iterdir()):
        command = [
            sys.executable,
            "-m",
            "ocrmypdf",
            "-l",
            "vie",
            "--deskew",
            "--output-type",
            "pdfa-2",
            "--jobs",
            "1",
            "--image-dpi",
            "200",
        ]
        subprocess.run([*command, scan, out / f"{scan.stem}.pdf"], check=True, capture_output=True, env=single_threaded())


def single_threaded() -> dict[str, str]:
    """An environment in which Tesseract uses one thread."""
    return {**os.environ, "OMP_THREAD_LIMIT": "1"}


def judged_beside(spent: float, out: Path, labels: dict[str, str]) -> dict[str, Any]:
    """Figures over the PDFs in `out`."""
    pdfs, errors, there, missed = sorted(out.glob("*.pdf")), Errors(), 0, 0
    for pdf in pdfs:
        copied, label = poppler(pdf), next(text for name, text in labels.items() if Path(name).stem == pdf.stem)
        errors.add(copied, label)
        there, missed = there + len(words(label)), missed + (Counter(words(label)) - Counter(words(copied))).total()
    return {
        "cpu s a scan": round(spent / max(len(pdfs), 1), 2),
        "kB a scan": round(sum(pdf.stat().st_size for pdf in pdfs) / 1000 / max(len(pdfs), 1), 1),
        "pass veraPDF": f"{sum(v == 'PASS' for v in judged(pdfs).values())} of {len(pdfs)}",
        "qpdf clean": f"{sum(map(whole, pdfs))} of {len(pdfs)}",
        **errors.plain(),
        "words": there,
        "words missed in any order": missed,
    }


if __name__ == "__main__":
    sys.exit(main())
