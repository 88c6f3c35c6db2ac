"""Scan -> upright Pages: each step measures on a small copy, then the scan is resampled once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from digitizer.model import Box, Floats, Mark, Page, Pixels, Problem, Quality, Ruling, Scan, Warp
from digitizer.pages.canvas import (
    Canvas,
    divide,
    lean,
    place,
    pose_of,
    resample,
    scaled,
    trim,
    upright,
    whole,
)
from digitizer.pages.clean import clean
from digitizer.pages.codes import find_codes
from digitizer.pages.flatten import find_bend
from digitizer.pages.ink import Copies, Small, Strokes, coarse, darkened, find_faint, find_letters, shrink, warp_affine
from digitizer.pages.orientation import ROWS_CONTRAST, Pose, all_poses, find_pose
from digitizer.pages.quality import (
    SIDES,
    darkness,
    edge_px,
    grade,
    ink_share,
    is_blank,
    is_blurred,
    light_problems,
    measured_dpi,
    sharpness,
    touching,
)
from digitizer.pages.ruling import RULING_DPI, clear_of, find_ruling
from digitizer.pages.seals import SEALS_DPI, Seal, find_seals, lift_seals, seal_marks
from digitizer.pages.several import one_sheet, place_of, reading_order
from digitizer.pages.sheet import Outline, find_sheets, flattened
from digitizer.pages.skew import find_rows, refine
from digitizer.pages.spread import find_gutter, may_be_spread
from digitizer.pages.strikes import find_strikes
from digitizer.pages.turns import Reads, fullest, part_of, settle
from digitizer.pages.writing import is_negative
from digitizer.settings import PageOptions

#: pages of an opened book lie within this of each other, degrees
_LEAN_DEG = 5.0
#: shorter side of an image that can hold a row of text
_LEAST_PX = 16
#: greatest share of faint ink. More is texture
_FAINT_INK = 0.06
#: a record under long strokes of the pen is still there, and still a page
_CANCELLED = (Problem(code="cancelled"),)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScanMeasures:
    """What was found out about a scan on its small copy: where the paper is, what is written on it and how it lies."""

    scan: Copies
    outline: Outline | None
    #: where the paper lies, seen from straight above but not yet turned
    plane: Canvas
    small: Small
    letters: Pixels
    blank: bool
    #: blank but for rows of faint ink, such as pencil
    faint: bool
    pose: Pose
    #: width of the edges of strokes, px of the scan
    edge: float | None
    #: of its ink, 0-1
    darkness: float
    #: variance of the Laplacian at its ink
    sharpness: float | None
    #: seen from behind
    mirrored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Leaf:
    """Where one page lies, and what is wrong with it alone."""

    canvas: Canvas
    problems: tuple[Problem, ...] = ()


def straighten(scan: Scan, *, options: PageOptions, reads: Reads | None = None) -> tuple[Page, ...]:
    """The pages on `scan`, upright and straight. A two-page spread gives two, left first.

    A page is turned only on evidence. Where that is missing it stays as it is and `quality.problems` says so. The `pixels` of
    a page are for reading: red seals lifted off the text under them. The scan stays what it is. With `reads`, which way up a
    sheet is is settled by reading a part of it each way up.
    """
    if min(scan.pixels.shape[:2]) < _LEAST_PX:
        return (_too_small(scan),)
    scan = _positive(scan)
    looks, lost = look_around(Copies(scan.pixels), reads)
    scan = replace(scan, problems=(*scan.problems, *_outside(lost, scan.coarser)))
    found = [(look, *about) for look in looks for about in _described(scan, look, several=len(looks) > 1)]
    return tuple(_page(scan, part, leaf, look, dpi, problems) for part, (look, leaf, dpi, problems) in enumerate(found))


def _described(scan: Scan, look: ScanMeasures, *, several: bool) -> list[tuple[Leaf, float, tuple[Problem, ...]]]:
    """The pages of a sheet, their resolution and what is wrong with them."""
    leaves = _leaves(look)
    scan_dpi, dpi_problems = _resolution(scan, look, spread=len(leaves) > 1, several=several)
    dpi = scan_dpi / scan.coarser
    problems = (*scan.problems, *dpi_problems, *_reasons(look, dpi))
    return [(leaf, dpi, problems) for leaf in leaves]


def _positive(scan: Scan) -> Scan:
    """A scan as it should be read, black on white."""
    if not is_negative(Copies(scan.pixels)):
        return scan
    return replace(scan, pixels=255 - scan.pixels, problems=(*scan.problems, Problem(code="negative")))


def _outside(box: Box | None, coarser: int) -> tuple[Problem, ...]:
    if box is None:
        return ()
    x0, y0, x1, y1 = (round(coarser * edge) for edge in (box.x0, box.y0, box.x1, box.y1))
    return (Problem(code="ink_outside", facts={"x0": x0, "y0": y0, "x1": x1, "y1": y1}),)


def _too_small(scan: Scan) -> Page:
    return Page(
        source=scan.source,
        scan=scan.index,
        part=0,
        pixels=scan.pixels,
        dpi=scan.dpi or 0.0,
        sheet=scan.sheet,
        to_scan=Warp.identity(),
        quality=Quality(blank=True, problems=(*scan.problems, Problem(code="too_small"))),
    )


def look_around(scan: Copies, reads: Reads | None = None) -> tuple[list[ScanMeasures], Box | None]:
    """(what each sheet on a scan shows, in reading order, one where paper fills it; around writing that lies on none, px)."""
    sheets = find_sheets(scan)
    looks = [look_at(scan, outline, sheets.darkest) for outline in sheets.outlines or (None,)]
    if len(looks) > 1:
        looks = _in_order(scan, looks, sheets.darkest)
    return looks if reads is None else [_settled(look, reads) for look in looks], sheets.outside


def _settled(look: ScanMeasures, reads: Reads) -> ScanMeasures:
    """`look` the way up that is read best."""
    if look.blank:
        return look
    width, height = look.plane.size
    x0, y0, x1, y1 = fullest(look.letters)
    corners = Warp(homography=look.plane.to_scan).points(
        np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]) * np.array([width, height])
    )
    turn = settle(
        look.pose,
        all_poses(look.letters, look.small.ink),
        lambda pose: part_of(look.scan, look.plane, corners, pose),
        reads,
    )
    return replace(look, pose=turn.pose, mirrored=turn.mirrored)


def _in_order(scan: Copies, looks: list[ScanMeasures], darkest: float | None) -> list[ScanMeasures]:
    """Several sheets in reading order, the parts of one sheet as one.

    What does not show which way up it is lies as the sheets beside it do.
    """
    turns = [look.pose.rotation for look in looks if look.pose.rotation_sure] or [looks[0].pose.rotation]
    common = max(turns, key=turns.count)
    places = [place_of(look.outline, common + look.pose.skew_deg).box for look in looks if look.outline is not None]
    found: list[ScanMeasures] = []
    for look in (looks[k] for k in reading_order(places)):
        whole = _whole_of(found[-1], look, common) if found else None
        if whole is not None:
            found[-1] = look_at(scan, whole, darkest)
        else:
            found.append(look if look.pose.rotation_sure else replace(look, pose=replace(look.pose, rotation=common)))
    return found


def _whole_of(upper: ScanMeasures, lower: ScanMeasures, rotation: int) -> Outline | None:
    """The sheet that two sheets are the parts of."""
    if upper.outline is None or lower.outline is None:
        return None
    return one_sheet(upper.outline, lower.outline, rotation + upper.pose.skew_deg)


def look_at(scan: Copies, outline: Outline | None = None, darkest: float | None = None) -> ScanMeasures:
    """What a scan shows, or one sheet on it. `darkest`: see `Sheets`."""
    plane = _plane(scan.pixels, outline)
    shown = scan if outline is None else Copies(resample(scan, plane))
    small = shrink(shown, None if outline is None or outline.perspective else place(plane, outline.corners), darkest)
    letters, pieces = find_letters(small.ink)
    blank = is_blank(ink_share(small.ink), pieces)
    faint = _faint(small) if blank else None
    if faint is not None:
        small = faint
        letters, pieces = find_letters(small.ink)
    pose = Pose() if blank and faint is None else find_pose(letters, pieces, small.ink)
    if outline is not None and not (blank or pose.skew_sure or outline.perspective):
        pose = replace(pose, skew_deg=outline.skew_deg)
    return ScanMeasures(
        scan=scan,
        outline=outline,
        plane=plane,
        small=small,
        letters=letters,
        blank=blank,
        faint=faint is not None,
        pose=pose,
        edge=None if blank else edge_px(shown.pixels, letters),
        darkness=darkness(small.grey, small.ink),
        sharpness=sharpness(small.grey, small.ink),
    )


def _faint(small: Small) -> Small | None:
    """`small` with its faint ink, where that lies in rows. None where it does not."""
    ink = find_faint(small.grey)
    letters, pieces = find_letters(ink)
    if is_blank(0.0, pieces) or ink_share(ink) > _FAINT_INK or find_rows(letters, fine=False).contrast < ROWS_CONTRAST:
        return None
    return replace(small, ink=ink)


def _plane(pixels: Pixels, outline: Outline | None) -> Canvas:
    canvas = whole(pixels.shape[1], pixels.shape[0])
    if outline is None:
        return canvas
    if outline.perspective:
        size, to_scan = flattened(outline)
        return Canvas(size=size, to_scan=to_scan)
    return trim(canvas, outline.corners)


def _leaves(look: ScanMeasures) -> tuple[Leaf, ...]:
    """The upright plane of each page: one, or two where a book lies open."""
    canvas = upright(look.plane, look.pose)
    if look.outline is not None and not look.outline.perspective:
        canvas = trim(canvas, look.outline.corners)
    if look.blank or not may_be_spread(*canvas.size):
        return (Leaf(canvas=canvas),)
    letters, ink = (_seen(mask, look, canvas) for mask in (look.letters, look.small.ink))
    gutter = find_gutter(letters, ink)
    if gutter is None:
        return (Leaf(canvas=canvas),)
    cut = round(gutter * ink.shape[1])
    left, right = divide(canvas, gutter)
    return _leaf(left, letters[:, :cut], "right"), _leaf(right, letters[:, cut:], "left")


def _leaf(canvas: Canvas, letters: Pixels, inner: str) -> Leaf:
    """One page of an opened book. The two lean against each other, each at an angle of its own."""
    problems = (Problem(code="near_gutter"),) if touching(letters, inner) else ()
    return Leaf(canvas=lean(canvas, _residual(np.ascontiguousarray(letters))), problems=problems)


def _seen(mask: Pixels, look: ScanMeasures, canvas: Canvas) -> Pixels:
    """What of a `mask` of the small copy lies on `canvas`, at the scale of the small copy."""
    small = scaled(canvas, look.small.scale)
    scale = np.diag((look.small.scale, look.small.scale, 1.0))
    way = scale @ np.linalg.inv(look.plane.to_scan) @ small.to_scan
    if small.size == mask.shape[1::-1] and np.allclose(way, np.eye(3), atol=1e-6):
        return mask
    seen: Pixels = warp_affine(mask, way[:2] / way[2, 2], small.size)
    return seen


def _residual(letters: Pixels) -> float:
    """What is left of the skew on one page of a spread, degrees. 0 without evidence."""
    # the contrast of rows is known for the whole range of angles only: near the best angle others score nearly as well
    rows = find_rows(letters)
    if rows.contrast < ROWS_CONTRAST or abs(rows.angle_deg) > _LEAN_DEG:
        return 0.0
    return refine(letters, rows.angle_deg)


def _resolution(scan: Scan, look: ScanMeasures, *, spread: bool, several: bool) -> tuple[float, tuple[Problem, ...]]:
    if look.outline is None:
        return measured_dpi(scan.dpi, *(scan.coarser * side for side in look.plane.size), spread=spread)
    width, height = (round(scan.coarser * side) for side in look.outline.size)
    return measured_dpi(scan.dpi, width, height, spread=spread, whole=not (several or any(look.outline.open)))


def _reasons(look: ScanMeasures, dpi: float) -> tuple[Problem, ...]:
    """What is wrong with a scan that has something on it."""
    if look.blank:
        return (Problem(code="pale"),) if look.faint else ()
    codes = [
        code for code, sure in (("skew_unsure", look.pose.skew_sure), ("orientation_unsure", look.pose.rotation_sure)) if not sure
    ]
    if look.mirrored:
        codes.append("mirrored")
    if is_blurred(look.edge, dpi):
        codes.append("blurred")
    # where the edge of the paper is seen, nothing is cut off
    shown = (True,) * 4 if look.outline is None else look.outline.open
    if any(touching(look.letters, side) for side, at_edge in zip(SIDES, shown, strict=True) if at_edge):
        codes.append("cut_off")
    return (*(Problem(code=code) for code in codes), *light_problems(look.small.raw, look.small.ink, look.darkness))


def _quality(look: ScanMeasures, leaf: Leaf, problems: tuple[Problem, ...]) -> Quality:
    skew, rotation = pose_of(leaf.canvas)
    return Quality(
        skew_deg=round(skew, 3),
        rotation=rotation,
        sharpness=look.sharpness,
        ink=ink_share(look.small.ink),
        blank=look.blank,
        grade=grade(problems),
        problems=problems,
    )


def _page(scan: Scan, part: int, leaf: Leaf, look: ScanMeasures, dpi: float, problems: tuple[Problem, ...]) -> Page:
    canvas, sheet = leaf.canvas, None if look.outline is None else look.outline.corners
    ink = _seen(look.small.ink, look, canvas)
    grid = None if look.blank else _bend(ink, canvas)
    struck = () if look.blank else _struck(ink, canvas)
    pixels = resample(look.scan, canvas, grid, sheet)
    pixels = darkened(pixels) if look.faint else pixels
    brief, scale = Copies(pixels).at_least(min(1.0, SEALS_DPI / dpi) if dpi > 0 else 1.0)
    stamps = () if look.blank else tuple(seal.scaled(1 / scale) for seal in find_seals(brief, scale * dpi))
    codes = () if look.blank else find_codes(pixels, ink)
    return Page(
        source=scan.source,
        scan=scan.index,
        part=part,
        pixels=lift_seals(pixels, stamps),
        dpi=dpi,
        sheet=scan.sheet,
        to_scan=_to_file(scan, canvas, grid),
        quality=_quality(look, leaf, (*problems, *leaf.problems, *(_CANCELLED if struck else ()))),
        ruling=Ruling() if look.blank else clear_of(_ruling(pixels, dpi, stamps, look.darkness, brief), codes),
        marks=(*codes, *seal_marks(stamps, *canvas.size), *struck),
        ink_beyond=Strokes(ink, canvas.size[0] / ink.shape[1]).beyond,
    )


def _ruling(pixels: Pixels, dpi: float, stamps: tuple[Seal, ...], darkness: float, brief: Pixels) -> Ruling:
    """The ruling of a page. Where paper is white it stands out, which a reader trained on scans has no need of."""
    scale = min(1.0, RULING_DPI / dpi) if dpi > 0 else 1.0
    white = clean(coarse(pixels, scale), tuple(stamp.scaled(scale) for stamp in stamps), darkness, brief)
    return find_ruling(white, scale * dpi, finer=1 / scale)


def _to_file(scan: Scan, canvas: Canvas, grid: Floats | None) -> Warp:
    """From px of the page to those of the image in the file."""
    homography = np.diag((scan.coarser, scan.coarser, 1.0)) @ canvas.to_scan
    if grid is None:
        return Warp(homography=homography)
    return Warp(homography=homography, grid=scan.coarser * grid, size=canvas.size)


def _struck(ink: Pixels, canvas: Canvas) -> tuple[Mark, ...]:
    """Strokes through a cancelled record, px of the page."""
    scale = canvas.size[0] / ink.shape[1]
    boxes = find_strikes(ink)
    return tuple(Mark(kind="strike", box=Box(*(scale * edge for edge in (b.x0, b.y0, b.x1, b.y1)))) for b in boxes)


def _bend(ink: Pixels, canvas: Canvas) -> Floats | None:
    """The displacement that flattens a page, as `Warp` has it: px of the scan. `ink`: what is written there, small."""
    bend = find_bend(ink)
    if bend is None:
        return None
    rows, columns = bend.shape
    x, y = np.meshgrid(np.linspace(0, canvas.size[0], columns), np.linspace(0, canvas.size[1], rows))
    flat = Warp(homography=canvas.to_scan)
    below = y + bend * canvas.size[1] / ink.shape[0]
    moved = flat.points(np.stack([x, below], axis=-1).reshape(-1, 2)) - flat.points(np.stack([x, y], axis=-1).reshape(-1, 2))
    grid: Floats = moved.reshape(rows, columns, 2)
    return grid
