"""PDF files made by hand, good ones and hostile ones."""

import io
import zlib

from pypdf import PdfReader, PdfWriter

FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"


def make_pdf(*pages, kids=None):
    """A PDF whose pages hold these texts, a line for each of theirs; ``kids`` repeats pages."""
    return make_pdf_of(*(_drawn(page) for page in pages), kids=kids)


def make_pdf_of(*drawings, kids=None):
    """A PDF whose pages are these programs, packed or not, as (dictionary entries, bytes)."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", FONT]
    page_numbers = []
    for entries, drawing in drawings:
        objects.append(
            b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(drawing), drawing)
        )
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> >>" % len(objects)
        )
        page_numbers.append(len(objects))
    listed = page_numbers if kids is None else page_numbers * kids
    refs = b" ".join(b"%d 0 R" % number for number in listed)
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (refs, len(listed))
    return _file(objects)


def packed(drawing):
    return b"/Filter /FlateDecode", zlib.compress(drawing, 9)


def encrypted(pdf, password="secret"):
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    writer.encrypt(user_password=password, owner_password="owner", algorithm="AES-256")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def _drawn(text):
    lines = b" ".join(
        b"(%s) Tj T*" % line.encode("cp1252").replace(b"(", b"\\(").replace(b")", b"\\)")
        for line in text.split("\n")
    )
    return b"", b"BT /F1 12 Tf 14 TL 50 800 Td %s ET" % lines


def _file(objects):
    data, starts = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, start=1):
        starts.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % start for start in starts)
    data += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        table,
    )
    return bytes(data)
