"""Schemas of tools' arguments: which ones are taken, and what models are told about a bad call."""

import pytest

from assistants.tools.schema import check_parameters, problems
from tenants.errors import BadRequest

ORDER = {
    "type": "object",
    "properties": {
        "number": {"type": "integer", "minimum": 1},
        "currency": {"$ref": "#/$defs/currency"},
    },
    "required": ["number"],
    "additionalProperties": False,
    "$defs": {"currency": {"type": "string", "maxLength": 3}},
}


def nested(levels):
    schema = {"type": "object"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


def referring(times):
    one = {"$ref": "#/$defs/text"}
    fields = {f"a{n}": one for n in range(times)}
    return {"type": "object", "properties": fields, "$defs": {"text": {"type": "string"}}}


def doubling(times):
    """Each part asks twice for the next one."""
    parts = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(times)}
    return {"type": "object", "$ref": "#/$defs/d0", "$defs": {**parts, f"d{times}": {}}}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        ORDER,
        nested(5),
        # Arguments may be called like keywords.
        {"type": "object", "properties": {"$id": {"type": "string"}, "$ref": {"type": "string"}}},
        {"type": "object", "properties": {"pattern": {"type": "string"}}},
        referring(20),
    ],
)
def test_a_good_schema_is_taken(schema):
    check_parameters(schema)


@pytest.mark.parametrize(
    ("schema", "sentence"),
    [
        (None, "must be an object"),
        ([], "must be an object"),
        ({"type": "string"}, "must be an object"),
        ({"properties": {}}, "must be an object"),
        ({"type": "object", "required": "number"}, "required: 'number' is not of type 'array'"),
        ({"type": "object", "properties": {"a": {"type": "wat"}}}, "properties.a.type: 'wat'"),
        ({"type": "object", "properties": {"a": {"pattern": "(a+)+$"}}}, "Check it on your server"),
        ({"type": "object", "patternProperties": {"(a+)+$": {}}}, "do without patternProperties"),
        ({"type": "object", "propertyNames": {"pattern": "(a+)+$"}}, "do without pattern:"),
        (referring(21), "more than 20 $refs"),
        (doubling(40), "must do without a $ref"),
        ({"type": "object", "properties": {"a": {"$ref": "#"}}}, "# must do without a $ref"),
        ({"type": "object", "$ref": "https://evil.example/s"}, "only to the schema itself"),
        ({"type": "object", "$ref": "other.json#/a"}, "only to the schema itself"),
        ({"type": "object", "$ref": "#/$defs/none"}, "There is no #/$defs/none"),
        ({"type": "object", "$id": "https://evil.example/"}, "must do without $id"),
        ({"type": "object", "description": "x" * 20_000}, "more than 16 KiB"),
        (nested(10), "levels deep"),
    ],
)
def test_any_other_schema_is_refused_with_the_reason(schema, sentence):
    with pytest.raises(BadRequest) as caught:
        check_parameters(schema)

    assert caught.value.code == "invalid_schema"
    assert sentence in caught.value.message


def test_arguments_that_fit_have_no_problems():
    assert problems(ORDER, {"number": 4012, "currency": "EUR"}) == ""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({}, "The arguments are not valid: 'number' is a required property."),
        ({"number": "4"}, "The arguments are not valid: number: '4' is not of type 'integer'."),
        ({"number": 4, "currency": "euro"}, "The arguments are not valid: currency: 'euro' is"),
        ({"number": 4, "admin": True}, "Additional properties are not allowed"),
        ([], "The arguments must be an object."),
        ({"number": float("nan")}, "The arguments are not plain JSON."),
        ({"number": 10**30}, "The arguments are not plain JSON."),
        ({"number": 4, "currency": "\0"}, "The arguments are not plain JSON."),
        ({"number": 4, "currency": "\ud800"}, "The arguments are not plain JSON."),
        ({"number": 4, "currency": object()}, "The arguments are not plain JSON."),
        ({"number": 4, "currency": "x" * 20_000}, "The arguments are too large."),
    ],
)
def test_a_model_is_told_in_one_sentence_what_is_wrong(arguments, sentence):
    found = problems(ORDER, arguments)

    assert sentence in found
    assert len(found) < 700


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}},
        {"$ref": "#/$defs/none"},
        {"$ref": "http://127.0.0.1:9/"},
        {"properties": {"a": {"pattern": "("}}},
        {"properties": {"a": {"pattern": "(x+x+)+y"}}},
        {"patternProperties": {"(x+x+)+y": {}}},
        {"propertyNames": {"pattern": "(x+x+)+y"}},
        doubling(40),
    ],
)
def test_a_schema_that_nobody_checked_fetches_nothing_and_lets_nothing_pass(schema):
    assert problems(schema, {"a": "x" * 50, "x" * 50: 1}) == "The arguments cannot be checked."
