"""The drawing kit: invented people and places, ink, paper, scans.

All randomness comes from a `numpy.random.Generator`. The same seed, fonts and library versions give the same bytes.
From the bottom up:

- `fonts`: the pinned font files of `fonts.toml`, fetched and verified
- `places`, `people`, `wording`, `cases`, `events`: who is born, married, adopted and buried where, and how a clerk writes it down
- `ink`: printed letters, pens, typewriters, ticks, signatures
- `marks`: stamps and emblems
- `paper`: a sheet in px that remembers every line written on it
- `forms`: labels, dotted lines, values, signatures
- `registers`, `books`, `tables`, `certificates`, `extracts`, `declarations`, `letters`, `notices`, `papers`, `card`, `cards`,
  `others`: the documents
- `sheets`, `books`: lists of the documents by type
- `scans`: what scanners and years do to a sheet, as a known geometric transform
- `truth`, `files`: truth files, and images, PDFs and TIFFs whose bytes repeat
"""
