import pytest
from django.core.exceptions import DisallowedHost, PermissionDenied, RequestDataTooBig
from django.http import Http404
from rest_framework import exceptions, serializers

from tenants.drf import translate
from tenants.errors import Conflict


class Line(serializers.Serializer):
    amount = serializers.IntegerField(min_value=1)


class Order(serializers.Serializer):
    name = serializers.CharField(max_length=3)
    lines = Line(many=True)

    def validate(self, order):
        if order["name"] == "no":
            raise serializers.ValidationError("Not this one.")
        return order


def refusal(data):
    with pytest.raises(exceptions.ValidationError) as caught:
        Order(data=data).is_valid(raise_exception=True)
    return translate(caught.value)


def test_the_first_wrong_field_makes_the_sentence_and_all_are_listed():
    error = refusal({"name": "long", "lines": [{"amount": 1}, {"amount": 0}, {}]})

    assert (error.status, error.code) == (400, "invalid")
    assert error.message == "name: Ensure this field has no more than 3 characters."
    assert error.extra["fields"] == {
        "name": "Ensure this field has no more than 3 characters.",
        "lines.1.amount": "Ensure this value is greater than or equal to 1.",
        "lines.2.amount": "This field is required.",
    }


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"name": "no", "lines": []}, "Not this one."),
        ([], "Invalid data. Expected a dictionary, but got list."),
    ],
)
def test_a_problem_of_the_whole_names_no_field(data, message):
    error = refusal(data)

    assert (error.status, error.message, error.extra) == (400, message, {})


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (exceptions.NotAuthenticated(), 401, "unauthorized"),
        (exceptions.AuthenticationFailed(), 401, "unauthorized"),
        (exceptions.PermissionDenied(), 403, "forbidden"),
        (PermissionDenied(), 403, "forbidden"),
        (exceptions.NotFound(), 404, "not_found"),
        (Http404(), 404, "not_found"),
        (RequestDataTooBig(), 413, "too_large"),
        (DisallowedHost(), 400, "bad_request"),
        (exceptions.MethodNotAllowed("GET"), 405, "method_not_allowed"),
        (exceptions.UnsupportedMediaType("x/y"), 415, "unsupported_media_type"),
        (exceptions.ParseError(), 400, "bad_request"),
        (exceptions.NotAcceptable(), 400, "bad_request"),
        (exceptions.APIException(), 500, "internal"),
        (ValueError("secret detail"), 500, "internal"),
        (Conflict("Mine.", code="mine"), 409, "mine"),
    ],
)
def test_every_exception_becomes_one_of_our_errors(error, status, code):
    translated = translate(error)

    assert (translated.status, translated.code) == (status, code)
    assert "secret" not in translated.message


def test_a_throttled_request_is_told_when_to_come_back():
    assert translate(exceptions.Throttled(wait=2.5)).retry_after == 3
