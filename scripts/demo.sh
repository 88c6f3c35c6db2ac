#!/bin/sh
# The main job on the sample pages, with the embedded defaults: a folder, SQLite, processes on this machine.
set -eu
cd "$(dirname "$0")/.."
output=${DEMO_OUTPUT:-demo-output}
digitizer="${BIN:-.venv/bin}/digitizer --home $output/home"

echo "Digitizing samples/ into $output/ …"
code=0
$digitizer ingest samples --output "$output/results" || code=$?
case $code in
  0|20) ;;   # 20: done, and some records wait for a person, as they should
  *) exit "$code" ;;
esac

echo
$digitizer attach
echo
echo "Searchable PDFs and <name>.json: $output/results"
find "$output/results" -name '*.pdf' | sort | head -5
echo
echo "Records wait for a person. To see and approve them:"
echo "  $digitizer records"
echo "  $digitizer approve --all --by YOUR-NAME"
