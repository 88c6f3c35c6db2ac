"""Removes active content and hidden files from a PDF: scripts, launch actions, forms, attachments.

The original in the store is not changed. The values a form shows become part of the page.
"""

from __future__ import annotations

from pikepdf import Array, Dictionary, Name, Object, Page, Pdf

#: actions that only move within the document or name an address (ISO 32000-1, 12.6.4)
_HARMLESS = ("/GoTo", "/URI")
#: annotations that hold files, media or programs
_HOLDING = ("/FileAttachment", "/Sound", "/Movie", "/Screen", "/3D", "/RichMedia", "/Widget")
#: keys a catalog may have (ISO 32000-1, table 28)
# fmt: off
_CATALOG = frozenset({
    "/Type", "/Version", "/Extensions", "/Pages", "/PageLabels", "/Names", "/Dests", "/ViewerPreferences", "/PageLayout",
    "/PageMode", "/Outlines", "/Threads", "/OpenAction", "/AA", "/URI", "/AcroForm", "/Metadata", "/StructTreeRoot", "/MarkInfo",
    "/Lang", "/SpiderInfo", "/OutputIntents", "/PieceInfo", "/OCProperties", "/Perms", "/Legal", "/Requirements", "/Collection",
    "/NeedsRendering",
})
#: keys of a page that are kept (ISO 32000-1, table 30). Previews, transitions and private data of programs are not
_PAGE = frozenset({
    "/Type", "/Parent", "/LastModified", "/Resources", "/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox", "/Contents",
    "/Rotate", "/Group", "/Annots", "/StructParents", "/Tabs", "/UserUnit", "/Metadata",
})
# fmt: on


def sanitize(pdf: Pdf) -> tuple[str, ...]:
    """Removes active content from `pdf`. Returns the kinds that were found: `forms`, `attachments`, `scripts`, `actions`."""
    found: set[str] = set()
    root = pdf.Root
    if "/AcroForm" in root:
        _flatten(pdf, found)
    names = root.get("/Names", Dictionary())
    _drop(names, "/EmbeddedFiles", "attachments", found)
    _drop(names, "/JavaScript", "scripts", found)
    _drop(root, "/AF", "attachments", found)
    _drop(root, "/Collection", "attachments", found)
    _drop_action(root, "/OpenAction", found)
    _drop(root, "/AA", "actions", found)
    _outline(root.get("/Outlines"), found)
    for page in pdf.pages:
        _strip_page(page, found)
    _tidy(pdf)
    return tuple(sorted(found))


def _tidy(pdf: Pdf) -> None:
    """Removes keys and adds entries that PDF/A asks for. What the pages show does not change."""
    for holder, kept in ((pdf.Root, _CATALOG), *((page.obj, _PAGE) for page in pdf.pages)):
        for key in set(holder.keys()) - kept:
            del holder[key]
    if pdf.Root.get("/PageMode") == Name.UseAttachments:  # the attachments were removed
        del pdf.Root.PageMode
    for item in pdf.objects:
        if isinstance(item, Dictionary) and item.get("/Subtype") == Name.CIDFontType2 and "/CIDToGIDMap" not in item:
            # Identity is the default (ISO 32000-1, table 117). PDF/A wants it written (ISO 19005-2, 6.2.11.3.2)
            item.CIDToGIDMap = Name.Identity


def _flatten(pdf: Pdf, found: set[str]) -> None:
    """Draws the form fields into their pages and removes the form."""
    if len(pdf.Root.AcroForm.get("/Fields", Array())):
        found.add("forms")
        pdf.generate_appearance_streams()
        pdf.flatten_annotations("screen")
    if "/AcroForm" in pdf.Root:
        del pdf.Root.AcroForm


def _strip_page(page: Page, found: set[str]) -> None:
    _drop(page.obj, "/AA", "actions", found)
    _drop(page.obj, "/AF", "attachments", found)
    if "/Annots" not in page.obj:
        return
    kept = []
    for annotation in page.obj.Annots:
        kind = str(annotation.get("/Subtype", ""))
        if kind in _HOLDING:
            found.add("forms" if kind == "/Widget" else "attachments")
            continue
        _drop(annotation, "/AA", "actions", found)
        _drop_action(annotation, "/A", found)
        kept.append(annotation)
    page.obj.Annots = Array(kept)


def _outline(node: Object | None, found: set[str]) -> None:
    """Removes actions of bookmarks. An outline that contains itself is walked once."""
    waiting, seen = [node], set()
    while waiting:
        item = waiting.pop()
        if item is None or item.objgen in seen:
            continue
        seen.add(item.objgen)
        _drop_action(item, "/A", found)
        waiting += [item.get("/First"), item.get("/Next")]


def _drop(holder: Object, key: str, kind: str, found: set[str]) -> None:
    if key in holder:
        del holder[key]
        found.add(kind)


def _drop_action(holder: Object, key: str, found: set[str]) -> None:
    """Removes the action at `key` unless it is harmless and no other action follows it."""
    action = holder.get(key)
    if not isinstance(action, Dictionary):
        return
    kind = str(action.get("/S", Name.GoTo))
    if kind in _HARMLESS and "/Next" not in action:
        return
    del holder[key]
    found.add("scripts" if kind == "/JavaScript" else "actions")
