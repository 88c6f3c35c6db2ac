from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import ImageFont

from training.drawing import fonts as kit

#: superfamilies that measure us; written out again here so that a shorter list in the kit fails
RESERVED = (
    "Patrick Hand",
    "Playwrite VN",
    "Dancing Script",
    "Mali",
    "Charm",
    "Itim",
    "Shantell Sans",
    "Playpen Sans",
    "Ms Madi",
    "Square Peg",
    "Qwitcher Grypen",
)


TRAINING = (kit.DECLARATION, kit.MORE)


def names(declaration: Path) -> list[str]:
    files = kit.declared(declaration)
    return ["".join(c for c in f"{file.family} {file.package} {file.path}".lower() if c.isalnum()) for file in files]


@pytest.mark.parametrize("declaration", TRAINING, ids=lambda path: path.name)
def test_no_font_of_samples_and_training_lines_is_reserved(declaration: Path) -> None:
    stems = [family.removesuffix(" VN").replace(" ", "").lower() for family in RESERVED]
    found = names(declaration)
    assert found and not [(name, taboo) for name in found for taboo in stems if taboo in name]


def test_the_fonts_that_measure_are_all_reserved_and_in_no_other_declaration() -> None:
    measuring = kit.declared(kit.EVALUATION)
    for file in measuring:
        with pytest.raises(ValueError, match="reserved"):
            kit.refuse_reserved(file.family)
    trained = {file.sha256 for path in TRAINING for file in kit.declared(path)}
    assert len(measuring) >= 8 and not trained & {file.sha256 for file in measuring}


@pytest.mark.parametrize("family", RESERVED)
def test_a_reserved_family_is_refused(family: str, tmp_path: Path) -> None:
    declaration = tmp_path / "fonts.toml"
    declaration.write_text(
        f'[[font]]\nfamily = "{family} Italic"\nstyle = "regular"\nkind = "pen"\npackage = "npm:x"\nversion = "1"\n'
        'path = "x.ttf"\nsha256 = "0"\n',
        encoding="utf-8",
    )
    with pytest.raises(ValueError, match="reserved"):
        kit.declared(declaration)


@pytest.mark.parametrize("declaration", [*TRAINING, kit.EVALUATION], ids=lambda path: path.name)
def test_every_font_is_pinned(declaration: Path) -> None:
    for file in kit.declared(declaration):
        assert file.package.startswith(("npm:", "debian:")) and file.version and len(file.sha256) == 64


def test_each_kind_has_several_families() -> None:
    found = {kind: {file.family for file in kit.declared() if file.kind == kind} for kind in kit.KINDS}
    assert len(found["print"]) >= 3 and len(found["typewriter"]) >= 2 and len(found["pen"]) >= 20


def test_a_font_without_vietnamese_letters_is_noticed() -> None:
    path = ImageFont.load_default(10).path
    assert isinstance(path, io.BytesIO)
    assert kit.missing_letters(path.getvalue(), "abc") == ""
    assert set("ắểữ") <= set(kit.missing_letters(path.getvalue(), "abắểữ"))


def test_the_fonts_here_draw_all_134_letters_apart() -> None:
    kept = [kit.CACHE / f"{file.sha256[:16]}-{Path(file.path).name}" for file in kit.declared()]
    if not all(path.exists() for path in kept):
        pytest.skip("the fonts are not in .cache/fonts; `python samples/make.py` fetches them")
    assert {path.name: missing for path in kept if (missing := kit.missing_letters(path.read_bytes(), size=60))} == {}


def test_a_changed_font_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kit, "_from_npm", lambda file: b"another font")
    file = next(file for file in kit.declared() if file.package.startswith("npm:"))
    with pytest.raises(ValueError, match="not the pinned file"):
        kit.fetch(file, tmp_path)
    assert not list(tmp_path.iterdir())
