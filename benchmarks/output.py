"""Is what comes out valid: ingests folders, then veraPDF and `qpdf --check` judge every PDF; `make validate`.

A PDF that says `not_pdfa` in its result does not claim PDF/A, and a signed one is left as it came: both are counted apart.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: notes under which a PDF does not claim to be PDF/A
EXCUSED = {"not_pdfa", "signed_unchanged"}


def main() -> int:
    """0 when every PDF that claims PDF/A is, and qpdf finds none damaged; a line for each that is not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--jobs", default="1")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        made = [pdf for number, folder in enumerate(given.folders) for pdf in digitized(folder, Path(home), number, given.jobs)]
        excused = {pdf: codes for pdf in made if (codes := notes(pdf) & EXCUSED)}
        claimed = [pdf for pdf in made if pdf not in excused]
        wrong = [pdf for pdf, verdict in judged(claimed).items() if verdict != "PASS"]
        damaged = [pdf for pdf in made if subprocess.run(["qpdf", "--check", pdf], capture_output=True).returncode not in (0, 3)]
        for pdf in wrong:
            print(f"not PDF/A: {pdf.relative_to(home)}")
        for pdf in damaged:
            print(f"qpdf: {pdf.relative_to(home)}")
        print(
            f"{len(made)} PDFs: {len(claimed) - len(wrong)} of {len(claimed)} that claim PDF/A-2b pass veraPDF, "
            f"{len(excused)} do not claim it, {len(damaged)} damaged"
        )
    return 1 if wrong or damaged or not made else 0


def digitized(folder: Path, home: Path, number: int, jobs: str) -> list[Path]:
    """The PDFs made of what lies in `folder`."""
    output = home / f"out{number}"
    command = [sys.executable, "-m", "digitizer", "--home", str(home / "home"), "ingest", str(folder), "--output", str(output)]
    subprocess.run([*command, "--jobs", jobs], stdout=subprocess.DEVNULL, cwd=ROOT)
    return sorted(output.rglob("*.pdf"))


def notes(pdf: Path) -> set[str]:
    """Codes of what was noticed, from the result beside it."""
    result = json.loads(pdf.with_suffix(".json").read_text(encoding="utf-8"))
    return {problem["code"] for problem in result["problems"]}


def judged(files: list[Path]) -> dict[Path, str]:
    """File -> PASS or FAIL by veraPDF, missing ones as FAIL."""
    if not files:
        return {}
    command = [ROOT / "scripts" / "verapdf.sh", "--flavour", "2b", "--format", "text", *files]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout
    verdicts = [line.split(" ", 1) for line in said.splitlines() if line[:5] in ("PASS ", "FAIL ")]
    found = {Path(rest.removesuffix(" 2b")): verdict for verdict, rest in verdicts}
    return {file: found.get(file, "FAIL") for file in files}


if __name__ == "__main__":
    sys.exit(main())
