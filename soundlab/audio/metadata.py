"""What a file says about itself: bext, iXML, INFO/ID3/Vorbis strings, a UCS file name.

bext after EBU Tech 3285, iXML after its public specification, UCS names after
the Universal Category System (CatID_FXName_CreatorID_SourceID_UserData).
Nothing here decodes audio; broken chunks are left out, never fatal.
"""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import soundfile

_LARGEST = 1 << 20
"""Bytes of a chunk that are read; descriptions are short, and files may lie about sizes."""
_CATEGORY = re.compile(r"^[A-Z]{2,5}[a-z]{1,6}(-[\w ]+)?$")


@dataclass(frozen=True, slots=True)
class Metadata:
    """Fields found; empty where there was nothing.

    ``time_reference`` is bext's count of samples since midnight at the file's rate.
    """

    title: str = ""
    description: str = ""
    originator: str = ""
    date: str = ""
    copyright: str = ""
    licence: str = ""
    category: str = ""
    """UCS CatID."""
    library: str = ""
    scene: str = ""
    take: str = ""
    tape: str = ""
    note: str = ""
    keywords: tuple[str, ...] = ()
    time_reference: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The fields that hold something."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items() if v not in ("", (), None)}


def read_metadata(path: Path) -> Metadata:
    """Read what there is. A file that cannot be opened has none; importing says why it cannot be read."""
    found: dict[str, Any] = {}
    try:
        with path.open("rb") as file:
            for name, body in _riff(file):
                if name == b"bext":
                    found.update(_bext(body))
                elif name == b"iXML":
                    found.update(_ixml(body))
    except OSError:
        return Metadata()
    for key, value in _strings(path).items():
        found.setdefault(key, value)
    for key, value in ucs(path.stem).items():
        found.setdefault(key, value)
    return Metadata(**{k: v for k, v in found.items() if v not in ("", ())})


def _riff(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Yield (id, body) of bext and iXML chunks of a RIFF, RF64 or BW64 file."""
    head = file.read(12)
    if len(head) < 12 or head[:4] not in (b"RIFF", b"RF64", b"BW64") or head[8:] != b"WAVE":
        return
    data_size = None
    while len(chunk := file.read(8)) == 8:
        name, size = chunk[:4], int(struct.unpack("<I", chunk[4:])[0])
        if name == b"ds64":
            body = file.read(min(size, _LARGEST))
            if len(body) >= 16:
                data_size = int(struct.unpack("<Q", body[8:16])[0])
            file.seek(size - len(body) + size % 2, 1)
            continue
        if name == b"data" and size == 0xFFFFFFFF and data_size is not None:
            size = data_size
        if name in (b"bext", b"iXML"):
            body = file.read(min(size, _LARGEST))
            yield name, body
            file.seek(size - len(body) + size % 2, 1)
        else:
            file.seek(size + size % 2, 1)


def _text(raw: bytes) -> str:
    raw = raw.split(b"\0", 1)[0]
    try:
        return raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        return raw.decode("latin-1").strip()


def _bext(body: bytes) -> dict[str, Any]:
    if len(body) < 346:
        return {}
    low, high = struct.unpack("<II", body[338:346])
    date = _text(body[320:330])
    return {
        "description": _text(body[:256]),
        "originator": _text(body[256:288]),
        "date": f"{date} {_text(body[330:338])}".strip(),
        "time_reference": low + (high << 32),
    }


_IXML = {
    "SCENE": "scene",
    "TAKE": "take",
    "TAPE": "tape",
    "NOTE": "note",
    "USER/FXNAME": "title",
    "USER/DESCRIPTION": "description",
    "USER/CATID": "category",
    "USER/LIBRARY": "library",
    "USER/DESIGNER": "originator",
    "USER/COPYRIGHT": "copyright",
    "ASWG/fxName": "title",
    "ASWG/catId": "category",
    "ASWG/library": "library",
    "ASWG/creatorId": "originator",
    "ASWG/notes": "note",
}


def _ixml(body: bytes) -> dict[str, Any]:
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:  # entities can be made to explode
        return {}
    try:
        root = ET.fromstring(body.rstrip(b"\0"))
    except ET.ParseError:
        return {}
    found: dict[str, Any] = {}
    for where, key in _IXML.items():
        text = (root.findtext(where) or "").strip()
        if text:
            found.setdefault(key, text)
    words = root.findtext("USER/KEYWORDS") or ""
    if words.strip():
        found["keywords"] = tuple(w.strip() for w in re.split(r"[,;]", words) if w.strip())
    return found


def _strings(path: Path) -> dict[str, str]:
    """LIST/INFO, ID3 and Vorbis comments, as libsndfile knows them."""
    try:
        with soundfile.SoundFile(path) as file:
            held = file.copy_metadata()
    except (soundfile.LibsndfileError, OSError, RuntimeError):
        return {}
    names = {
        "title": "title",
        "artist": "originator",
        "comment": "description",
        "copyright": "copyright",
        "license": "licence",
        "album": "library",
        "date": "date",
    }
    return {names[k]: str(v).strip() for k, v in held.items() if k in names and str(v).strip()}


def ucs(stem: str) -> dict[str, str]:
    """Read a UCS file name; empty when it is none.

    >>> ucs("DOORWood_Creaky Barn Door_ABC_FARM")["category"]
    'DOORWood'
    """
    parts = stem.split("_")
    if len(parts) < 4 or not _CATEGORY.match(parts[0]):
        return {}
    found = {"category": parts[0].split("-")[0], "title": parts[1].strip(), "originator": parts[2].strip()}
    found["library"] = parts[3].strip()
    if len(parts) > 4:
        found["note"] = "_".join(parts[4:]).strip()
    return {k: v for k, v in found.items() if v}
