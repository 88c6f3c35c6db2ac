"""Build hook: brings the text detector in when the wheel or environment is built.

The PP-OCRv6 detector (Apache-2.0) is carried by the `rapidocr` wheel; only that file is taken from it, and only when its
SHA-256 is the pinned one. Nothing is fetched when the file is already there, so a second build works offline.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run as a script: python hatch_build.py
    BuildHookInterface = object

WHEEL = "rapidocr==3.10.0 --hash=sha256:2fc34e26cd0f48514804a94f8832283039c7334076bff60768b1fed9ad068050\n"
MEMBER = "rapidocr/models/PP-OCRv6_det_small.onnx"
SHA256 = "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f"
TARGET = Path(__file__).resolve().parent / "digitizer" / "ocr" / "models" / "pp-ocrv6-small-det" / "inference.onnx"


def fetch_detector(target: Path = TARGET) -> None:
    """Puts the detector at `target`. Raises ValueError when what came has another hash."""
    if target.exists() and hashlib.sha256(target.read_bytes()).hexdigest() == SHA256:
        return
    with tempfile.TemporaryDirectory() as folder:
        pinned = Path(folder, "pinned.txt")
        pinned.write_text(WHEEL, encoding="utf-8")
        options = ["--quiet", "--no-deps", "--require-hashes", "-r", str(pinned), "-d", folder]
        command = [sys.executable, "-m", "pip", "download", *options]
        subprocess.run(command, check=True, env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
        with zipfile.ZipFile(next(Path(folder).glob("rapidocr-*.whl"))) as wheel:
            weights = wheel.read(MEMBER)
    if hashlib.sha256(weights).hexdigest() != SHA256:
        raise ValueError(f"{MEMBER} does not have the pinned hash")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    part.write_bytes(weights)
    part.replace(target)


class DetectorHook(BuildHookInterface):
    """Runs for wheels and editable installs."""

    PLUGIN_NAME = "custom"

    def initialize(self, version, build_data):
        """Called by hatchling before it collects files."""
        fetch_detector()


if __name__ == "__main__":
    fetch_detector()
