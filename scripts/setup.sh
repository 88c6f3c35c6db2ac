#!/bin/sh
# Makes .venv/ ready: Debian packages where we may install them, the locked Python packages, digitizer itself.
set -eu
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}

"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "digitizer needs Python 3.11 or newer; '$PYTHON' is older. Try: make PYTHON=python3.12 …" >&2; exit 1; }

# package:how to see that it is there. libgl1 and libglib are needed by OpenCV; the others only by tests and comparisons.
missing=""
have_lib() { ldconfig -p 2>/dev/null | grep -q "$1"; }
have_lib libGL.so.1 || missing="$missing libgl1"
have_lib libgthread-2.0.so.0 || missing="$missing libglib2.0-0"
command -v tesseract >/dev/null && tesseract --list-langs 2>/dev/null | grep -qx vie || missing="$missing tesseract-ocr tesseract-ocr-vie"
command -v pdftotext >/dev/null || missing="$missing poppler-utils"
command -v qpdf >/dev/null || missing="$missing qpdf"
command -v softhsm2-util >/dev/null || missing="$missing softhsm2"
command -v chromium >/dev/null || missing="$missing chromium"
command -v redis-server >/dev/null || missing="$missing redis-server"
{ command -v postgres >/dev/null || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; } || missing="$missing postgresql"
"$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
if [ -n "$missing" ]; then
  if [ "$(id -u)" = 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo"; else as_root="no"; fi
  if [ "$as_root" != no ] && command -v apt-get >/dev/null; then
    echo "Installing Debian packages:$missing"
    $as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
  else
    echo "Not installed:$missing. Only libgl1 and libglib2.0-0 are a must: sudo apt-get install$missing" >&2
  fi
fi

echo "Making .venv with the versions of requirements.lock (a few minutes the first time) …"
[ -x .venv/bin/python ] || "$PYTHON" -m venv .venv
.venv/bin/python -m pip install --quiet --require-hashes -r requirements.lock
.venv/bin/python -m pip install --quiet --no-deps --editable .
touch .venv/ready
