"""Worker processes: `python -m workers`, one engine each."""
