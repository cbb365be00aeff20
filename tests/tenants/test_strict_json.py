import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants import strict_json
from tenants.errors import BadRequest, UnsupportedMediaType

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
integers = st.integers(-(2**63) + 1, 2**63 - 1)
scalars = st.none() | st.booleans() | integers | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    scalars | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=20,
)

MALFORMED = {
    "nothing": b"",
    "only spaces": b"  ",
    "cut off": b'{"a": ',
    "two values": b"{} {}",
    "a comment": b"{} // no",
    "single quotes": b"{'a': 1}",
    "a duplicate key": b'{"a": 1, "a": 1}',
    "a duplicate key below": b'[{"b": {"a": 1, "\\u0061": 2}}]',
    "a raw NUL": b'"a\0b"',
    "a raw newline in a text": b'"a\nb"',
    "an escaped NUL": b'"\\u0000"',
    "an escaped NUL in a key": b'{"a\\u0000b": 1}',
    "an escaped NUL after a backslash": b'"\\\\\\u0000"',
    "a lone surrogate": b'"\\ud800"',
    "a lone low surrogate": b'["\\uDC00"]',
    "surrogates the wrong way round": b'"\\udc00\\ud800"',
    "a lone surrogate in a key": b'{"\\ud800": 1}',
    "broken UTF-8": b'"\xff"',
    "UTF-8 of a surrogate": b'"\xed\xa0\x80"',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "more values than anybody sends": b"[" + b"1," * 50_000 + b"1]",
    "NaN": b"NaN",
    "Infinity": b'{"a": Infinity}',
    "minus Infinity": b"[-Infinity]",
    "an infinite number": b"1e999",
    "minus an infinite number": b"-1e999",
    "a number beyond 64 bits": b"9223372036854775808",
    "a number below 64 bits": b"-9223372036854775808",
    "a number of 5,000 digits": b"9" * 5000,
    "a leading zero": b"012",
    "33 levels": b"[" * 33 + b"]" * 33,
    "33 levels of objects": b'{"a":' * 33 + b"1" + b"}" * 33,
    "900 levels": b"[" * 900 + b"]" * 900,
    "100,000 levels": b"[" * 100_000 + b"]" * 100_000,
    "100,000 levels without an end": b'{"a":[' * 100_000,
}


@given(values)
def test_loads_reads_what_any_json_writer_writes(value):
    assert strict_json.loads(json.dumps(value)) == value
    assert strict_json.loads(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=60) | st.text('[]{}",:\\u0d8aef1-.eENI \0\ud800', max_size=40))
def test_loads_raises_nothing_but_its_own_error_and_returns_only_storable_values(data):
    try:
        value = strict_json.loads(data)
    except BadRequest:
        return

    stored = json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    assert b"\\u0000" not in stored.replace(b"\\\\", b"")
    assert json.loads(stored) == value


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_loads_refuses(data):
    with pytest.raises(BadRequest) as caught:
        strict_json.loads(data)

    assert (caught.value.status, caught.value.code) == (400, "malformed_json")


def test_loads_refuses_a_surrogate_in_a_decoded_text():
    with pytest.raises(BadRequest):
        strict_json.loads('"\ud800"')


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'"\\\\u0000"', "\\u0000"),
        (b'"\\ud83d\\ude00"', "😀"),
        ('"😀\\u00e9"'.encode(), "😀é"),
        (b'"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["', "[" * 39),
        (b'"\\"{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{[{["', '"' + "{[" * 19),
        (b"[" + b"[]," * 99 + b"[]]", [[]] * 100),
        (b"9223372036854775807", 2**63 - 1),
        (b" [1, 2.5e3, -0.0, true, null] ", [1, 2500.0, 0.0, True, None]),
    ],
)
def test_loads_accepts_what_only_looks_suspicious(data, value):
    assert strict_json.loads(data) == value


def test_loads_accepts_32_levels():
    value = strict_json.loads(b"[" * 32 + b"]" * 32)

    assert json.dumps(value) == "[" * 32 + "]" * 32


@pytest.mark.parametrize("data", [b"[]", b"null", b'"x"', b"1", b"true"])
def test_loads_object_refuses_other_values(data):
    with pytest.raises(BadRequest):
        strict_json.loads_object(data)


def test_loads_object_returns_the_object():
    assert strict_json.loads_object(b'{"a": [1]}') == {"a": [1]}


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON; charset=UTF-8",
        'application/json;charset="utf-8"',
        "application/vnd.livechat+json; version=1",
    ],
)
def test_require_json_accepts(content_type):
    strict_json.require_json(content_type)


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/json",
        "application/json; charset=bogus",
        "application/json; charset=zlib_codec",
        "application/json; charset=utf-16",
        "application/json; CHARSET=",
        "application/json; charset=utf-8; charset=latin-1",
    ],
)
def test_require_json_refuses(content_type):
    with pytest.raises(UnsupportedMediaType) as caught:
        strict_json.require_json(content_type)

    assert caught.value.status == 415
