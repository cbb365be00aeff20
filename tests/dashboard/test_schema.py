import pytest
from django.core.management import call_command
from django.urls import URLPattern, get_resolver
from jsonschema import Draft202012Validator, FormatChecker

from tests.dashboard.analyst import analyst  # noqa: F401 -- a fixture
from tests.dashboard.team import Api, member_api
from tests.dashboard.test_isolation import ANSWERED, call, filled, ids_of

# How the description names what is decided about.
DESCRIBED = {"approvable": "call", "rejectable": "call", "canned_response": "response"}
DESCRIPTION = {"/api/schema", "/api/docs"}
# Other vendors' addresses, which their own references describe.
ELSEWHERE = ("/api/external/",)


@pytest.fixture(scope="module")
def schema():
    answer = Api().get("schema")
    assert answer.status_code == 200
    return answer.json()


def test_the_description_is_the_same_whatever_is_asked_for():
    answer = Api().get("schema", version="\0\n", lang="de")
    assert answer.content == Api().get("schema").content
    assert "Content-Disposition" not in answer.headers


def test_checks_find_nothing():
    call_command("check", fail_level="WARNING")


def test_the_schema_is_made_without_a_warning(tmp_path):
    call_command("spectacular", file=str(tmp_path / "schema.yml"), validate=True, fail_on_warn=True)


def test_the_schema_describes_every_route(schema):
    routes = {_described(route) for route in _routes(get_resolver().url_patterns)}

    assert schema["openapi"].startswith("3.1")
    ours = {r for r in routes if r.startswith("/api/") and not r.startswith(ELSEWHERE)}
    assert set(schema["paths"]) == ours - DESCRIPTION


def _routes(patterns, prefix="/"):
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from _routes(pattern.url_patterns, route)


def _described(route):
    return route.replace("<str:", "{").replace(">", "}")


def test_every_operation_has_a_name_a_group_and_an_error(schema):
    operations = [operation for path in schema["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]

    assert len(set(names)) == len(names)
    assert {tag for operation in operations for tag in operation["tags"]} == {
        "log-in",
        "team",
        "visitor",
    }
    assert all("4XX" in operation["responses"] for operation in operations)


@pytest.mark.usefixtures("analyst")
def test_answers_are_as_described(schema, acme):
    _, api = member_api(acme)
    own = ids_of(acme)

    for method, path, body, status, kind in ANSWERED:
        body = filled(body, own) if type(body) is dict else body
        answer = call(api, method, path.format(own.get(kind), **own), body)
        described = path.partition("?")[0].replace("{}", f"{{{DESCRIBED.get(kind, kind)}_id}}")
        described = described.replace("{conversation}", "{conversation_id}")
        responses = schema["paths"][f"/api/{described}"][method.lower()]["responses"]
        validate(schema, responses[str(status)], answer.json())


def test_errors_are_as_described(schema):
    validate(schema, {"content": {"application/json": {"schema": _ERROR}}}, Api().get("me").json())


_ERROR = {"$ref": "#/components/schemas/Error"}


def validate(schema, response, body):
    ((_, content),) = response["content"].items()
    document = {"components": schema["components"], **content["schema"]}
    Draft202012Validator(document, format_checker=FormatChecker()).validate(body)


def test_the_page_needs_nothing_from_elsewhere():
    page = Api().get("docs").content.decode()
    script = Api().client.get("/api/docs", query_params={"script": ""})

    assert "swagger-ui" in page
    assert "//" not in page.replace("<!DOCTYPE html>", "")
    assert "<script>" not in page
    assert script.headers["Content-Type"].startswith("application/javascript")
    assert script.status_code == 200
