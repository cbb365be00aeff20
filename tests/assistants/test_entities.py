"""Entities are found where they stand, and what only looks like one is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistants.nlu.entities import MOST_ENTITIES, TYPES, entities


def found(text):
    return [(one["type"], one["value"]) for one in entities(text)]


FOUND = {
    "url": {
        "See https://example.com/a?b=c.": ["https://example.com/a?b=c"],
        "(www.example.com/x)": ["www.example.com/x"],
        "HTTP://EXAMPLE.COM!": ["HTTP://EXAMPLE.COM"],
    },
    "email": {
        "Write to ann.lee+shop@example.co.uk.": ["ann.lee+shop@example.co.uk"],
        "a@b.de, c@d.org": ["a@b.de", "c@d.org"],
        "ann@www.example.com": ["ann@www.example.com"],
        "jürgen@müller.example": ["jürgen@müller.example"],
    },
    "iban": {
        "DE89 3704 0044 0532 0130 00 please": ["DE89 3704 0044 0532 0130 00"],
        "de89370400440532013000": ["de89370400440532013000"],
        "Mine is GB82 WEST 1234 5698 7654 32.": ["GB82 WEST 1234 5698 7654 32"],
    },
    "card": {
        "4111 1111 1111 1111": ["4111 1111 1111 1111"],
        "5500-0000-0000-0004": ["5500-0000-0000-0004"],
        "my card 378282246310005 ends": ["378282246310005"],
    },
    "ip": {
        "from 192.168.0.1:8080": ["192.168.0.1"],
        "2001:db8::1 and ::1": ["2001:db8::1", "::1"],
    },
    "date": {
        "on 2031-05-17": ["2031-05-17"],
        "17.05.2031, 5/17/31": ["17.05.2031", "5/17/31"],
        "am 17. Mai 2031": ["17. Mai 2031"],
        "May 5th, 2031": ["May 5th, 2031"],
        "sizes 3 to 5 May": ["5 May"],
        "le 3 août": ["3 août"],
        "5 de mayo de 2031": ["5 de mayo de 2031"],
        "17 maja, 5 Ağustos": ["17 maja", "5 Ağustos"],
        "3 يناير 2031": ["3 يناير 2031"],
        "29 February": ["29 February"],
    },
    "money": {
        "€1,299.00 or 12 EUR": ["€1,299.00", "12 EUR"],
        "19,90 €, 1.299,00 euro": ["19,90 €", "1.299,00 euro"],
        "$5 and 5 dollars": ["$5", "5 dollars"],
        "100 zł, 50 TL": ["100 zł", "50 TL"],
    },
    "order_id": {
        "order 12345": ["12345"],
        "Where is order number: A-4711?": ["A-4711"],
        "Bestellung Nr. 2031-0099": ["2031-0099"],
        "commande n° 8812": ["8812"],
        "pedido número 99887": ["99887"],
        "zamówienie 12345": ["12345"],
        "sipariş numarası 5512": ["5512"],
        "طلب رقم 12345": ["12345"],
        "#48213 and ORD-99817": ["48213", "ORD-99817"],
    },
    "phone": {
        "+49 30 1234567": ["+49 30 1234567"],
        "call (030) 123-4567": ["(030) 123-4567"],
        "0301234567": ["0301234567"],
        "555-123-4567": ["555-123-4567"],
        "06 12 34 56 78": ["06 12 34 56 78"],
    },
}


def test_every_type_is_in_the_table():
    assert tuple(FOUND) == TYPES


@pytest.mark.parametrize(
    ("kind", "text", "values"),
    [(kind, text, values) for kind, rows in FOUND.items() for text, values in rows.items()],
)
def test_an_entity_is_found(kind, text, values):
    assert found(text) == [(kind, value) for value in values]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "version 5.2.19 and v5.2.19",
        "error E-4012, UTF-8, ISO-9001",
        "my order is late",
        "try 5 times, 3 people, 100 %",
        "at 10:30 in 2031",
        "sizes 36 37 38 39",
        "1234567",
        "4111 1111 1111 1112",
        "DE88 3704 0044 0532 0130 00",
        "300.1.1.1",
        "30.02.2031",
        "31 February",
        "std::vector and ::",
        "@ann, a@b, http://",
        "3.14 1,000,000",
    ],
)
def test_what_only_looks_like_an_entity_is_none(text):
    assert found(text) == []


def test_where_two_overlap_the_surer_stays():
    assert found("https://ann@example.com/2031-05-17") == [
        ("url", "https://ann@example.com/2031-05-17")
    ]
    assert found("order 0301234567") == [("order_id", "0301234567")]


def test_offsets_count_code_points():
    (one,) = entities("👍🏽 é: a@b.de")

    assert (one["start"], one["end"]) == (6, 12)


def test_they_come_in_the_order_of_the_text_and_are_not_too_many():
    starts = [one["start"] for one in entities("5 EUR a@b.de 2031-05-17")]

    assert starts == sorted(starts)
    assert len(entities("a@b.de " * 200)) == MOST_ENTITIES


PIECES = [value for rows in FOUND.values() for text, values in rows.items() for value in values]
MESSAGES = st.one_of(
    st.text(),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3))).map("".join),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3))).map(" ".join),
    st.text(alphabet="0123456789 -./:@#+(),€abfxDE٣²"),
)


@given(MESSAGES)
def test_an_entity_is_always_what_stands_at_its_place(text):
    end = 0
    for one in entities(text):
        assert one["type"] in TYPES
        assert end <= one["start"] < one["end"] <= len(text)
        assert text[one["start"] : one["end"]] == one["value"]
        end = one["end"]
