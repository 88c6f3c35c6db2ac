"""Measures the whole chain on folders with truth: `benchmarks/run.py --pages samples --pages ../shared/data/pages_dev`.

A folder holds `<name>.truth.json` beside its scans (docs: samples/README.md), or a `labels.tsv` (`file<TAB>text`) as plain
reading. Each engine runs in a process of its own, alone, with one thread. Results go to `benchmarks/results/`, with machine and
commit. A figure below `floors.toml` ends with exit code 1.

`--cache DIR` keeps readings with their lattices outside the repository, by file, weights and reading code. It serves work on the
stages after reading. CPU seconds mean nothing then, and nothing is rendered.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
#: a picture this many times as wide as high, without a line break in its label, is one line
_LINE = 3.0


def main() -> int:
    """Runs the engines one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=Path, action="append", required=True)
    parser.add_argument("--engine", action="append", choices=["paddle", "tesseract"])
    parser.add_argument("--name", default="pages", help="goes into the name of the results file")
    parser.add_argument("--limit", type=int, default=0, help="at most so many files a folder")
    parser.add_argument("--output", type=Path, default=HERE / "results")
    parser.add_argument("--wrong", type=Path, help="writes every wrong field to this file; it holds what was read")
    parser.add_argument("--cache", type=Path, help="keeps readings in this folder, and takes them from there")
    parser.add_argument("--details", action="store_true", help="also prints exact matches by type, level and hand, and by field")
    parser.add_argument("--detector", type=Path, help="folder of a detector to use instead of the one we ship")
    parser.add_argument("--recogniser", type=Path, help="folder of a recogniser to use instead of the one we ship")
    parser.add_argument("--hands", type=Path, help="folder of a recogniser for handwriting to use instead of the one we ship")
    parser.add_argument("--one-reader", action="store_true", help="one recogniser reads print and handwriting")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        json.dump([measure(folder, given) for folder in given.pages], sys.stdout)
        return 0
    engines = {engine: _alone(engine, given) for engine in given.engine or ["paddle", "tesseract"]}
    others = {name: getattr(given, name).name for name in ("detector", "recogniser", "hands") if getattr(given, name)}
    others |= {"one reader": True} if given.one_reader else {}
    result = {"engines": engines, **others, **({"cached": True} if given.cache else {})}
    target = save(result, given.output, given.name)
    if any(folder["trust"]["bins"] for folders in engines.values() for folder in folders):
        sys.path.insert(0, str(ROOT))
        from benchmarks.diagram import reliability

        reliability(result, target.with_suffix(".png"))
    print(table(result))
    if given.details:
        print(details(result))
    print(f"\n{target}")
    return floors(result)


def _alone(engine: str, given: argparse.Namespace) -> Any:
    command = [sys.executable, __file__, "--worker", engine, "--limit", str(given.limit)]
    for folder in given.pages:
        command += ["--pages", str(folder)]
    for option in ("cache", "wrong", "detector", "recogniser", "hands"):
        if getattr(given, option):
            command += [f"--{option}", str(getattr(given, option))]
    command += ["--one-reader"] if given.one_reader else []
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    return json.loads(done.stdout)


def tools_of(engine_name: str, *, one_reader: bool = False, **models: Path | None) -> Any:
    """The tools of the stages, as in the product. `models`: folders of other detectors or recognisers."""
    sys.path.insert(0, str(ROOT))
    from digitizer.doctypes import digest, load
    from digitizer.ocr import open_engine
    from digitizer.pipeline import Tools
    from digitizer.settings import EngineOptions, PageOptions

    doctypes = load(None)
    return Tools(
        engine=open_engine(EngineOptions(name=engine_name, handwriting=not one_reader, **models)),
        doctypes=doctypes,
        doctypes_digest=digest(doctypes),
        pages=PageOptions(),
    )


def measure(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Counts, CPU seconds and memory of one engine on one folder."""
    tools = tools_of(
        given.worker,
        one_reader=given.one_reader,
        detector=given.detector,
        recogniser=given.recogniser,
        hands=given.hands,
    )
    from benchmarks.measure import Tally

    tally, baseline, cost = Tally(), Tally(), Cost()
    with cost:
        for path, truth in list(items(folder))[: given.limit or None]:
            cost.pages += _one(path, truth, tools, tally, given.cache, baseline)
    if given.wrong is not None:
        with given.wrong.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps({"engine": given.worker, **note}, ensure_ascii=False) + "\n" for note in tally.wrong)
    # the plain baseline: this engine's text, the same labels by regular expression
    simple = {"plain": {"fields": baseline.plain()["fields"]}} if given.worker == "tesseract" else {}
    return {"folder": folder.name, **cost.plain(), **tally.plain(), **simple}


def _one(path: Path, truth: dict[str, Any], tools: Any, tally: Any, cache: Path | None, baseline: Any) -> int:
    """Reads one file and returns how many scans it has."""
    from benchmarks.plain import plain
    from digitizer.pages import ScanFile

    if truth.get("line"):
        with ScanFile(path, source="", options=tools.pages) as file:
            tally.text.add(tools.engine.read_line(file.read(0).pixels), truth["text"])
        return 1
    result = remembered(path, tools, cache) if cache else whole(path, tools)
    tally.add(result, truth)
    baseline.add(plain(result, truth, tools.doctypes), truth)
    return len(set(result.positions))


def whole(path: Path, tools: Any) -> Any:
    """Everything the product does with one file, artifacts included."""
    with tempfile.TemporaryDirectory() as into:
        return digitized(path, Path(into), tools)


def inspected(path: Path, tools: Any) -> Any:
    """Media type, pages and signatures of one file."""
    from digitizer.pages import ScanFile

    with ScanFile(path, source="", options=tools.pages) as file:
        return file.inspection


def digitized(path: Path, into: Path, tools: Any) -> Any:
    """The result of one file, its artifacts `result.pdf` and `result.json` in the folder `into`."""
    from digitizer.model import Source
    from digitizer.pipeline import finish, read_pages, render_files

    seen = inspected(path, tools)
    data = path.read_bytes()
    source = Source(id=hashlib.sha256(data).hexdigest(), key="", media_type=seen.media_type, size=len(data))
    readings = [(r.scan, r) for r in read_pages(path, source=source.id, scans=range(seen.pages), tools=tools)]
    result = finish(bundle=source.id, sources=(source,), readings=readings, tools=tools)
    signed = frozenset([source.id] if seen.signed else ())
    render_files(result, {source.id: path}, name="result", into=into, tools=tools, signed=signed)
    return result


def remembered(path: Path, tools: Any, cache: Path) -> Any:
    """What `finish` makes of a file's readings, which are kept in `cache`."""
    from digitizer import serialization
    from digitizer.model import Source
    from digitizer.pipeline import Reading, finish, read_pages

    data = path.read_bytes()
    source = Source(id=hashlib.sha256(data).hexdigest(), key="", media_type="", size=len(data))
    kept = cache / f"{source.id[:24]}-{tools.engine.fingerprint}-{_reading_code()}.json"
    if kept.exists():
        readings = serialization.load(tuple[Reading, ...], kept.read_bytes())
    else:
        scans = range(inspected(path, tools).pages)
        readings = tuple(read_pages(path, source=source.id, scans=scans, tools=tools))
        cache.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(serialization.dump(readings))
    return finish(bundle=source.id, sources=(source,), readings=[(r.scan, r) for r in readings], tools=tools)


@functools.cache
def _reading_code() -> str:
    """Hash of the code between file and PageText."""
    files = [ROOT / "digitizer" / "lattice.py", *sorted((ROOT / "digitizer" / "pages").glob("*.py"))]
    files += sorted((ROOT / "digitizer" / "ocr").glob("*.py"))
    return hashlib.sha256(b"".join(f.read_bytes() for f in files)).hexdigest()[:12]


def items(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """(file, truth) of a folder, in order."""
    labels = folder / "labels.tsv"
    if labels.exists():
        from PIL import Image

        for row in labels.read_text(encoding="utf-8").splitlines():
            name, _, text = row.partition("\t")
            with Image.open(folder / name) as image:
                line = "\\n" not in text and image.width > _LINE * image.height
            yield folder / name, {"file": name, "text": text.replace("\\n", "\n"), "line": line}
        return
    for truth in sorted(folder.rglob("*.truth.json")):
        known = json.loads(truth.read_text(encoding="utf-8"))
        yield truth.with_name(known["file"]), known


class Cost:
    """CPU seconds of this process and its children, and the peak of their memory (PSS), while it is entered."""

    def __init__(self, every_s: float = 0.5) -> None:
        self.pages, self.peak_mb, self._over, self._every_s = 0, 0.0, threading.Event(), every_s

    def __enter__(self) -> None:
        self._cpu, self._wall = _cpu_seconds(), time.perf_counter()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()
        self._cpu, self._wall = _cpu_seconds() - self._cpu, time.perf_counter() - self._wall

    def _look(self) -> None:
        import psutil

        from benchmarks.memory import pss_of

        own = psutil.Process()
        while not self._over.wait(self._every_s):
            self.peak_mb = max(self.peak_mb, sum(pss_of(own)))

    def plain(self) -> dict[str, Any]:
        """As a result file has it."""
        pages = max(self.pages, 1)
        return {
            "scans": self.pages,
            "cpu s per scan": round(self._cpu / pages, 3),
            "wall s per scan": round(self._wall / pages, 3),
            "peak MB": round(self.peak_mb),
        }


def _cpu_seconds() -> float:
    import psutil

    from benchmarks.memory import cpu_of

    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(cpu_of(psutil.Process()).values()) + ended.ru_utime + ended.ru_stime


def save(figures: dict[str, Any], folder: Path, name: str) -> Path:
    """Writes `figures` with machine, commit and time into `folder` and returns the file."""
    now = datetime.now(UTC)
    result = {"machine": machine(), "commit": commit(), "at": now.isoformat(timespec="seconds"), **figures}
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{now:%Y-%m-%d}-{result['commit'][:8]}-{name}.json"
    target.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return target


def machine() -> dict[str, Any]:
    """What it ran on."""
    model = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.exists():
        model = next(
            (row.partition(":")[2].strip() for row in info.read_text().splitlines() if row.startswith("model name")), model
        )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"cpu": model, "cores": os.cpu_count(), "memory_gb": round(memory / 1e9), "python": platform.python_version()}


def commit() -> str:
    """The commit measured, with `-dirty` when files differ from it."""
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    changed = subprocess.run(
        ["git", "status", "--porcelain", "--", "digitizer", "benchmarks/run.py", "benchmarks/measure.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return head + ("-dirty" if changed.strip() else "")


def table(result: dict[str, Any]) -> str:
    """The main figures as Markdown."""
    rows = [
        "| folder | engine | scans | CER | types | splits | typed fields | handwritten | wrong among accepted | CPU s/scan | MB |"
    ]
    rows.append("|---|---|---|---|---|---|---|---|---|---|---|")
    for engine, folders in result["engines"].items():
        for f in folders:
            accepted = f["accepted"]
            cells = [
                f["folder"],
                engine,
                str(f["scans"]),
                _percent(f["text"]["cer"]),
                _fraction(f["types"]),
                _fraction(f["splits"]),
            ]
            cells += [_fraction(f["fields"].get(hand)) for hand in ("typed", "handwritten")]
            cells += [f"{accepted['wrong']} of {accepted['right']}" if accepted["all"] else "–"]
            rows.append("| " + " | ".join([*cells, str(f["cpu s per scan"]), str(f["peak MB"])]) + " |")
            if f.get("plain", {}).get("fields"):
                simple = [_fraction(f["plain"]["fields"].get(hand)) for hand in ("typed", "handwritten")]
                rows.append("| " + " | ".join([f["folder"], f"{engine}, labels by regex", *[""] * 4, *simple, "", "", ""]) + " |")
    return "\n".join(rows)


def details(result: dict[str, Any]) -> str:
    """Exact matches and character errors by type, level and hand, and by field, as Markdown."""
    rows = []
    for engine, folders in result["engines"].items():
        for f in folders:
            rows += ["", f"{f['folder']}, {engine}", "", "| what | exact | CER |", "|---|---|---|"]
            shown = [(k, v) for k, v in f["fields"].items() if k.startswith("field ") or len(k.split()) == 3]
            rows += [f"| {name.removeprefix('field ')} | {_fraction(v)} | {_percent(v['cer'])} |" for name, v in shown]
    return "\n".join(rows)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def _fraction(share: dict[str, Any] | None) -> str:
    return "–" if not share or not share["all"] else f"{_percent(share['share'])} of {share['all']}"


def floors(result: dict[str, Any]) -> int:
    """1 when a figure of the default engine is below its floor, else 0."""
    wanted = tomllib.loads((HERE / "floors.toml").read_text(encoding="utf-8"))
    below = 0
    for folder in result["engines"].get("paddle", []):
        for name, floor in wanted.get(folder["folder"], {}).items():
            value: Any = folder
            for key in name.split("/"):
                value = value.get(key) if isinstance(value, dict) else None
            bad = value is None or (value > floor if name.endswith(("cer", "wrong share")) else value < floor)
            if bad:
                below += 1
                print(f"below its floor: {folder['folder']} {name} is {value}, floor {floor}", file=sys.stderr)
    return 1 if below else 0


if __name__ == "__main__":
    sys.exit(main())
