"""Logging in over HTTP, and who may call what."""

import uuid
from datetime import UTC, datetime

import pytest
from django.test import Client, RequestFactory
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants import credentials, sessions
from tenants.authentication import MayUse, MemberAuthentication, TokenAuthentication, bearer
from tenants.credentials import EVERY_SCOPE, Kind
from tenants.errors import Unauthorized
from tenants.ids import uuid7
from tenants.models import User
from tests.factories import PASSWORD, make_member, make_tenant


def post(path, body, **headers):
    return Client(headers=headers).post(f"/api/auth/{path}", body, content_type="application/json")


def token(tenant, *, role="agent"):
    member = make_member(tenant, role=role)
    return sessions.log_in(email=member.user.email, password=PASSWORD).access


def key(tenant, **fields):
    return credentials.issue(tenant, Kind.API_KEY, **fields).secret


class Open(APIView):
    authentication_classes = [TokenAuthentication]
    permission_classes = [MayUse.with_(role="admin", scope="things:write")]

    def post(self, request):
        return Response({"tenantId": request.auth.tenant_id})


class MembersOnly(Open):
    authentication_classes = [MemberAuthentication]


class Forgetful(Open):
    authentication_classes = []


def call(view, authorization=None, **headers):
    if authorization is not None:
        headers["Authorization"] = authorization
    answer = view.as_view()(RequestFactory(headers=headers).post("/"))
    return answer.status_code, answer.data.get("code"), answer


def test_logging_in_going_on_and_logging_out(acme):
    member = make_member(acme)

    answer = post("token", {"email": member.user.email, "password": PASSWORD})
    again = post("refresh", {"refresh": answer.json()["refresh"]})
    out = post("logout", {"refresh": again.json()["refresh"]})
    ended = post("refresh", {"refresh": again.json()["refresh"]})

    assert [one.status_code for one in (answer, again, out, ended)] == [200, 200, 204, 401]
    for pair in (answer, again):
        assert set(pair.json()) == {"access", "refresh"}
        assert "no-store" in pair.headers["Cache-Control"]
    assert ended.json()["code"] == "invalid_credentials"


def test_logging_out_with_the_access_token_alone(acme):
    access = token(acme)

    assert post("logout", {}, Authorization=f"Bearer {access}").status_code == 204
    assert post("logout", {}).json()["code"] == "unauthorized"
    with pytest.raises(Unauthorized):
        sessions.verify_access(access)


def test_whoever_cannot_log_in_hears_the_same(acme):
    inactive, dismissed, alone = make_member(acme), make_member(acme), make_tenant("Alone")
    inactive.user.is_active = False
    inactive.user.save()
    dismissed.is_active = False
    dismissed.save()
    operator = User.objects.create_user(f"{uuid.uuid4().hex}@x.example", PASSWORD)
    unusable = User.objects.create_user(f"{uuid.uuid4().hex}@x.example")

    answers = [
        post("token", body)
        for body in (
            {"email": f"{uuid.uuid4().hex}@x.example", "password": PASSWORD},
            {"email": make_member(acme).user.email, "password": "wrong"},
            {"email": inactive.user.email, "password": PASSWORD},
            {"email": dismissed.user.email, "password": PASSWORD},
            {"email": operator.email, "password": PASSWORD},
            {"email": unusable.email, "password": PASSWORD},
            {"email": make_member(acme).user.email, "password": PASSWORD, "tenantId": "x"},
            {
                "email": make_member(acme).user.email,
                "password": PASSWORD,
                "tenantId": str(alone.id),
            },
        )
    ]

    bodies = [{**answer.json(), "requestId": ""} for answer in answers]
    assert bodies == [
        {
            "success": False,
            "error": "These credentials are not valid.",
            "code": "invalid_credentials",
            "requestId": "",
        }
    ] * len(answers)
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {"Bearer"}


def test_whoever_belongs_to_several_tenants_is_asked_which(acme, globex):
    member = make_member(acme)
    member.user.memberships.create(tenant=globex)
    body = {"email": member.user.email, "password": PASSWORD}

    asked = post("token", body)
    chosen = post("token", {**body, "tenantId": str(globex.id), "otp": "123456"})

    assert (asked.status_code, asked.json()["code"]) == (401, "tenant_required")
    assert asked.json()["tenants"] == [
        {"id": str(acme.id), "name": "Acme"},
        {"id": str(globex.id), "name": "Globex"},
    ]
    assert sessions.verify_access(chosen.json()["access"]).tenant_id == globex.id


def test_the_choice_is_shown_to_whoever_knows_the_password_only(acme, globex):
    member = make_member(acme)
    member.user.memberships.create(tenant=globex)

    answer = post("token", {"email": member.user.email, "password": "wrong"})

    assert answer.json()["code"] == "invalid_credentials"
    assert "tenants" not in answer.json()


def test_the_sixth_attempt_is_told_when_to_come_back(acme):
    email = make_member(acme).user.email

    answers = [post("token", {"email": email, "password": "wrong"}) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert 290 <= int(answers[-1].headers["Retry-After"]) <= 300


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "a@b.example"},
        {"email": 1, "password": {}},
        {"email": None, "password": None},
        {"email": "a" * 255, "password": PASSWORD},
        {"email": "a@b.example", "password": "x" * 201},
        {"email": "a@b.example", "password": PASSWORD, "tenantId": []},
        {"email": "", "password": ""},
    ],
)
def test_a_log_in_that_is_none_is_a_bad_request(body):
    answer = post("token", body)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize("refresh", ["", "x", None, 1, "eyJ.eyJ.x"])
def test_a_refresh_that_is_none_is_refused(refresh):
    assert post("refresh", {"refresh": refresh}).status_code in (400, 401)


@pytest.mark.parametrize(
    "header",
    [
        *(None, "", "Bearer", "Bearer ", "Basic x", "Token x", "xBearer y"),
        *("Bearer a b", "Bearer a,b\x7f", "bearer\tx", "Bearer x\x00", "Bearer " + "x" * 5000),
    ],
)
def test_a_header_without_a_token_is_none(header):
    headers = {} if header is None else {"Authorization": header}

    with pytest.raises(Unauthorized):
        bearer(RequestFactory(headers=headers).get("/"))


def test_the_token_is_read_from_any_kind_of_request():
    request = RequestFactory(headers={"Authorization": "bearer abc.def"}).get("/")

    assert bearer(request) == bearer(Request(request)) == "abc.def"


def test_a_member_acts_by_role(acme):
    assert call(Open, f"Bearer {token(acme, role='agent')}")[:2] == (403, "missing_role")
    for role in ("admin", "owner"):
        status, _, answer = call(Open, f"Bearer {token(acme, role=role)}")
        assert (status, answer.data) == (200, {"tenantId": acme.id})


def test_a_key_acts_by_scope(acme):
    assert call(Open, f"Bearer {key(acme)}")[:2] == (403, "missing_scope")
    assert call(Open, f"Bearer {key(acme, scopes=['things:read'])}")[0] == 403
    assert call(Open, f"Bearer {key(acme, scopes=['things:write'])}")[0] == 200
    assert call(Open, f"Bearer {key(acme, scopes=[EVERY_SCOPE])}")[0] == 200


def test_a_key_in_a_page_is_refused(acme):
    secret = key(acme, scopes=[EVERY_SCOPE])

    assert call(Open, f"Bearer {secret}", Origin="https://shop.example")[:2] == (
        403,
        "origin_not_allowed",
    )


def test_a_key_is_no_member(acme):
    secret = key(acme, scopes=[EVERY_SCOPE])

    assert call(MembersOnly, f"Bearer {secret}")[:2] == (401, "invalid_credentials")


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind != Kind.API_KEY])
def test_other_credentials_open_nothing_here(acme, kind):
    secret = credentials.issue(
        acme, kind, subject_id=uuid7(), scopes=[EVERY_SCOPE], actor="a test"
    ).secret

    assert call(Open, f"Bearer {secret}")[:2] == (401, "invalid_credentials")


@pytest.mark.parametrize("view", [Open, MembersOnly, Forgetful])
def test_nobody_gets_in_without_a_token(view):
    status, code, answer = call(view)

    assert (status, code) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_suspended_tenants_people_and_programs_stay_outside(acme):
    access, secret = token(acme, role="owner"), key(acme, scopes=[EVERY_SCOPE])
    acme.suspended_at = datetime.now(UTC)
    acme.save()

    for text in (access, secret):
        assert call(Open, f"Bearer {text}")[:2] == (403, "tenant_suspended")
