"""The one drawing kit: invented people and places, ink, paper, scans.

Everything takes a `numpy.random.Generator` and nothing else that is random: with the same seed, fonts and library
versions the same bytes come out. From the bottom up:

- `fonts`: the pinned font files of `fonts.toml`, fetched and verified
- `places`, `people`, `wording`, `cases`, `events`: who is born, married, adopted and buried where, and how a clerk writes it down
- `ink`: printed letters, pens, typewriters, ticks, signatures; `seal`: stamps and emblems
- `paper`: a sheet in px that remembers every line written on it; `forms`: labels, dotted lines, values, signatures
- `registers`, `books`, `tables`, `certificates`, `extracts`, `declarations`, `letters`, `notices`, `papers`, `card`, `cards`,
  `others`: the documents; `sheets` and `books` list them by type
- `scans`: what scanners and years do to a sheet, as a known geometric transform
- `truth`, `files`: truth files, and images, PDFs and TIFFs whose bytes repeat
"""
