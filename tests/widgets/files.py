"""Small files of every kind, honest ones and others."""

import struct

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBBI", 13, b"IHDR", 1, 1, 8, 0, 0, 0, 0, 0)
HUGE_PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(
    ">I4sIIBBBBBI", 13, b"IHDR", 40_000, 40_000, 8, 6, 0, 0, 0, 0
)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01" + bytes(40) + b"\xff\xd9"
GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"
GIF_AND_SCRIPT = b"GIF89a=1;alert(document.domain)//"
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(20)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF"
TEXT = "Grüße, plain and simple.\n".encode()
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
HTML = b"<!doctype html><script>alert(1)</script>"
LATE_HTML = b"\n" * 500 + b"<html><script>alert(1)</script>"
XML = b"<?xml version='1.0'?><x/>"
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
EXE = b"MZ" + bytes(60)
ELF = b"\x7fELF" + bytes(60)
ZIP = b"PK\x03\x04" + bytes(30)
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(20)
CSV = b"name,total\n=cmd|' /C calc'!A0,1\n"
UTF16 = "hello".encode("utf-16")
LATIN1 = "Grüße".encode("latin-1")
NUL_TEXT = b"hello\x00world"
