"""What files say about themselves."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundlab.audio.metadata import Metadata, read_metadata, ucs

IXML = b"""<?xml version="1.0"?><BWFXML><SCENE>12A</SCENE><TAKE>3</TAKE><TAPE>R1</TAPE>
<USER><FXNAME>Barn Door</FXNAME><CATID>DOORWood</CATID><KEYWORDS>creak, hinge; old</KEYWORDS></USER></BWFXML>"""


def chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def bext(description: bytes, reference: int) -> bytes:
    body = description.ljust(256, b"\0") + b"Field Unit".ljust(32, b"\0") + b"REF".ljust(32, b"\0")
    body += b"2026-01-02" + b"10:11:12" + struct.pack("<II", reference & 0xFFFFFFFF, reference >> 32)
    return body.ljust(602, b"\0")


def wave(*extra: bytes, kind: bytes = b"RIFF") -> bytes:
    form = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 48_000, 96_000, 2, 16))
    data = chunk(b"data", np.zeros(480, "<i2").tobytes())
    body = b"WAVE" + form + b"".join(extra) + data
    return kind + struct.pack("<I", len(body)) + body


def test_bext_and_ixml(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wave(chunk(b"bext", bext(b"A door in a barn", 5_000_000_000)), chunk(b"iXML", IXML)))
    found = read_metadata(path)
    assert found.description == "A door in a barn"
    assert (found.originator, found.date) == ("Field Unit", "2026-01-02 10:11:12")
    assert found.time_reference == 5_000_000_000
    assert (found.title, found.category, found.scene, found.take, found.tape) == (
        "Barn Door",
        "DOORWood",
        "12A",
        "3",
        "R1",
    )
    assert found.keywords == ("creak", "hinge", "old")
    assert found.as_json()["keywords"] == ["creak", "hinge", "old"]


def test_strings_of_flac_and_ogg(tmp_path: Path) -> None:
    for name in ("a.flac", "a.ogg"):
        with soundfile.SoundFile(tmp_path / name, "w", 32_000, 1) as file:
            file.write(np.zeros(320))
        assert read_metadata(tmp_path / name) == Metadata()
    path = tmp_path / "b.wav"
    info = b"INFO" + chunk(b"INAM", b"Low drone\0") + chunk(b"ICOP", b"(c) 2026 Us\0")
    path.write_bytes(wave(chunk(b"LIST", info)))
    found = read_metadata(path)
    assert (found.title, found.copyright) == ("Low drone", "(c) 2026 Us")


@pytest.mark.parametrize(
    "odd",
    [
        b"",
        b"RIFF",
        b"RIFF\xff\xff\xff\xffWAVEbext\xff\xff\xff\xff",
        wave(chunk(b"bext", b"short")),
        wave(chunk(b"iXML", b"<not xml")),
        wave(chunk(b"iXML", b'<!DOCTYPE x [<!ENTITY a "b">]><BWFXML><SCENE>&a;</SCENE></BWFXML>')),
        b"\x00" * 64,
    ],
)
def test_broken_chunks_are_left_out(tmp_path: Path, odd: bytes) -> None:
    path = tmp_path / "odd.wav"
    path.write_bytes(odd)
    assert read_metadata(path) == Metadata()


def test_a_missing_file_says_nothing(tmp_path: Path) -> None:
    assert read_metadata(tmp_path / "none.wav") == Metadata()


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("DOORWood_Creaky Barn Door_ABC_FARM", ("DOORWood", "Creaky Barn Door", "ABC", "FARM")),
        ("AMBForst-DAY_Morning Birds_XY_LIB_take 2", ("AMBForst", "Morning Birds", "XY", "LIB")),
        ("rain_hiss_on_tin", None),
        ("DOORWood_only two", None),
        ("My_File_Name_Here", None),
    ],
)
def test_ucs_names(stem: str, expected: tuple | None) -> None:
    found = ucs(stem)
    assert (tuple(found.get(k) for k in ("category", "title", "originator", "library")) if found else None) == expected
