"""What a decoder may answer. It may be in a stranger's hands, so each line is checked as a request from the network is."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

#: greatest side that is believed. Pixels that are not square are scaled, so a side may pass `side_px`
_MOST_SIDE_PX = 1_000_000


class _Answer(BaseModel):
    """A line from a decoder, without unknown names, guessed types and infinite numbers."""

    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)


_FactName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,20}$")]
_FactText = Annotated[str, Field(max_length=3000)]


class Refusal(_Answer):
    """Why a file or page is not read."""

    error: Literal["damaged_file", "encrypted_pdf", "pdf_portfolio", "too_large", "unsupported_format", "xfa_form"]
    facts: dict[_FactName, _FactText | int | float] = Field(max_length=8)


class Header(_Answer):
    """What a file is."""

    pages: int = Field(ge=1)
    signed: bool
    repaired: bool


_Short = Annotated[str, Field(max_length=2000)]
_Number = Annotated[float, Field(ge=-1e9, le=1e9)]
_Rectangle = Annotated[list[_Number], Field(min_length=4, max_length=4)]
_CodePoint = Annotated[int, Field(ge=1, le=0x10FFFF)]
_Glyph = tuple[_CodePoint, _Number, _Number, _Number, _Number, _Number, _Number]
_Run = tuple[Annotated[str, Field(max_length=1000)], bool, _Number, _Number, list[_Glyph]]


_Beside = tuple[Literal["note", "form_field", "attachment"], _Short, _Short]


class _Text(_Answer):
    runs: list[_Run]
    pictures: list[_Rectangle]


class PageHeader(_Answer):
    """What a page is. Its pixels follow."""

    width: int = Field(ge=1, le=_MOST_SIDE_PX)
    height: int = Field(ge=1, le=_MOST_SIDE_PX)
    coarser: int = Field(ge=1)
    dpi: Annotated[float, Field(ge=1, le=100_000)] | None
    area: _Rectangle | None
    cut_short: bool
    beside: list[_Beside] = Field(max_length=200)
    notes: int = Field(ge=0)
    text: _Text | None


class Image16Header(_Answer):
    """What an image of 16 bits a channel is. Its bytes follow."""

    size: int = Field(ge=1)
    width: int = Field(ge=1, le=_MOST_SIDE_PX)
    height: int = Field(ge=1, le=_MOST_SIDE_PX)
    channels: Literal[1, 3]


class No16(_Answer):
    """The page has no 16 bits a channel."""

    size: Literal[0]
