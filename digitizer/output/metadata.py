"""Metadata of the PDF: the entries of Công văn 7197/BKHCN-CĐSQG in XMP, with an extension schema as PDF/A wants it.

Entries hold accepted values, counts and names of types. An entry without a certain value is left out, even a mandatory one.
Dossier and agency are left out, because one file may belong to several.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.sax.saxutils import escape

from digitizer.model import Digitized, Record

#: XML namespace of our entries
NAMESPACE = "urn:digitizer:cv7197:1:"
#: prefix of our entries in the XMP
PREFIX = "cv7197"
#: entry of Công văn 7197 -> fields that may fill it. The first accepted one does
_FIELDS = {
    "IssuedDate": ("ngayBanHanh", "ngayCap", "ngayDangKy"),
    "OrganName": ("coQuanBanHanh", "noiCap", "noiDangKy"),
    "Subject": ("trichYeu",),
}
#: number of a paper and its notation: `12/QĐ-UBND`, `12/2018`
_NUMBER = re.compile(r"\s*(\d+)\s*/\s*(\S.*)")
#: entry -> its description in the schema
_ABOUT = {
    "TypeName": "Tên loại văn bản",
    "CodeNumber": "Số của văn bản",
    "CodeNotation": "Ký hiệu của văn bản",
    "IssuedDate": "Ngày, tháng, năm văn bản",
    "OrganName": "Tên cơ quan, tổ chức ban hành",
    "Subject": "Trích yếu nội dung",
    "Language": "Ngôn ngữ",
    "PageAmount": "Số lượng trang",
}


def described(result: Digitized, titles: Mapping[str, str]) -> dict[str, str]:
    """The metadata entries of `result`. A bundle of several papers has language and page count only.

    `titles`: document type -> its title as printed.
    """
    entries = {"Language": "Tiếng Việt", "PageAmount": str(len(set(result.positions)))}
    title = titles.get(result.documents[0].doctype or "") if len(result.documents) == 1 else None
    if title:
        entries |= {"TypeName": title, "Subject": title}
        if len(result.documents[0].records) == 1:
            entries |= _of(result.documents[0].records[0])
    return entries


def _of(record: Record) -> dict[str, str]:
    sure = {field.name: field.value for field in record.fields if field.accepted and isinstance(field.value, str)}
    found = {entry: next((sure[name] for name in names if sure.get(name)), "") for entry, names in _FIELDS.items()}
    number = _NUMBER.fullmatch(sure.get("so", ""))
    if number:
        found |= {"CodeNumber": number[1], "CodeNotation": number[2].strip()}
    return {entry: value for entry, value in found.items() if value}


def with_entries(packet: bytes, entries: Mapping[str, str]) -> bytes:
    """An XMP packet with `entries` and their extension schema, which PDF/A asks for (ISO 19005-2, 6.6.2.3)."""
    values = "".join(f"<{PREFIX}:{name}>{_xml(value)}</{PREFIX}:{name}>" for name, value in sorted(entries.items()))
    schema = "".join(
        '<rdf:li rdf:parseType="Resource">'
        f"<pdfaProperty:name>{name}</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType>"
        f"<pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{_ABOUT[name]}</pdfaProperty:description></rdf:li>"
        for name in sorted(entries)
    )
    ours = (
        f'<rdf:Description rdf:about="" xmlns:{PREFIX}="{NAMESPACE}">{values}</rdf:Description>'
        '<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" '
        'xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">'
        '<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">'
        "<pdfaSchema:schema>Công văn 7197/BKHCN-CĐSQG</pdfaSchema:schema>"
        f"<pdfaSchema:namespaceURI>{NAMESPACE}</pdfaSchema:namespaceURI><pdfaSchema:prefix>{PREFIX}</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{schema}</rdf:Seq></pdfaSchema:property>"
        "</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"
    )
    return packet.replace(b"</rdf:RDF>", ours.encode() + b"</rdf:RDF>", 1)


def _xml(value: str) -> str:
    """`value` as XML text, without control characters, which XML does not allow."""
    return escape("".join(c for c in value if c >= " "))


#: PDF/A rule about XMP schemas and properties
_RULE = "6.6.2.3.1-1"
#: marks in a message of the validator that is about our schema
_OURS = (NAMESPACE, "/pdfa/ns/extension/", "/pdfa/ns/schema#", "/pdfa/ns/property#", f" {PREFIX}:", " pdfaExtension:")


def is_ours(rule: str, message: str) -> bool:
    """Whether a finding of pikepdf's validator is about our schema. It knows no extension schemas. veraPDF does."""
    return rule.endswith(_RULE) and any(mark in message for mark in _OURS)
