import httpx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from conversations.attachments import attach_later, store
from conversations.sessions import continue_session
from tenants.scope import tenant_scope
from tests.dashboard.team import make_conversation, member_api, team_events, visitor_texts
from tests.factories import make_tenant, make_visitor, write
from tests.widgets.files import PNG


@pytest.fixture
def agent(acme):
    return member_api(acme)


@pytest.fixture
def conversation_id(acme):
    return make_conversation(acme)


def test_a_file_is_sent_with_a_reply(acme, agent, conversation_id):
    _, api = agent
    path = f"conversations/{conversation_id}/messages"

    uploaded = api.upload("attachments", SimpleUploadedFile("../a.txt", b"Hello, file."))
    sent = api.post(path, {"text": "", "attachments": [uploaded.json()["id"]], "messageId": "k"})
    again = api.post(path, {"text": "", "attachments": [uploaded.json()["id"]], "messageId": "k"})
    listed = api.get(path).json()["results"][0]

    assert uploaded.status_code == 201
    assert {**uploaded.json(), "id": ""} == {
        "id": "",
        "name": "a.txt",
        "contentType": "text/plain",
        "size": 12,
        "thumbnail": False,
    }
    assert sent.json()["attachments"] == [uploaded.json()]
    assert sent.json() == again.json() == listed
    assert team_events(acme)[-1][1] == sent.json()
    assert visitor_texts(acme, conversation_id)[-1] == ""


def test_a_file_is_sent_once(acme, agent, conversation_id):
    _, api = agent
    path = f"conversations/{conversation_id}/messages"
    file_id = api.upload("attachments", SimpleUploadedFile("a.txt", b"A note.")).json()["id"]
    api.post(path, {"text": "First", "attachments": [file_id]})
    before = team_events(acme)

    answer = api.post(path, {"text": "Second", "attachments": [file_id]})

    assert (answer.status_code, answer.json()["code"]) == (400, "attachment_sent")
    assert team_events(acme) == before


def test_files_of_others_cannot_be_sent(acme, globex, agent, conversation_id):
    _, api = agent
    _, stranger = member_api(globex)
    foreign = stranger.upload("attachments", SimpleUploadedFile("a.txt", b"A note.")).json()["id"]
    visitors = _visitors_file(acme)

    for file_id in (foreign, visitors):
        answer = api.post(
            f"conversations/{conversation_id}/messages", {"text": "Hi", "attachments": [file_id]}
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown_attachment")


def _visitors_file(tenant):
    stored = store(SimpleUploadedFile("mine.txt", b"Mine."), tenant_id=tenant.id)
    with tenant_scope(tenant.id):
        return str(attach_later(stored, session=continue_session(make_visitor())).id)


def test_a_file_that_a_visitor_did_not_send_yet_is_not_there(acme, agent):
    _, api = agent

    assert api.get(f"attachments/{_visitors_file(acme)}").status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("empty.txt", b"", 400, "file_empty"),
        ("page.html", b"<!doctype html><script>alert(1)</script>", 415, "unsupported_file"),
        ("image.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "unsupported_file"),
        ("program.exe", b"MZ\x90\0\x03", 415, "unsupported_file"),
        ("large.txt", b"x" * (10 * 1024 * 1024 + 1), 413, "file_too_large"),
    ],
)
def test_files_that_we_do_not_take(agent, name, content, status, code):
    _, api = agent

    answer = api.upload("attachments", SimpleUploadedFile(name, content))

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_form_without_a_file_is_refused(agent):
    _, api = agent

    as_text = api.client.post("/api/attachments", {"file": "text"}, headers=api.headers)
    as_json = api.post("attachments", {"file": "text"})

    assert (as_text.status_code, as_text.json()["code"]) == (400, "file_required")
    assert as_json.status_code == 415


def test_uploads_are_limited_for_each_member(acme, agent):
    _, api = agent
    _, colleague = member_api(acme)

    def upload(who):
        return who.upload("attachments", SimpleUploadedFile("a.txt", b"A note."))

    answers = [upload(api) for _ in range(11)]

    assert [answer.status_code for answer in answers] == [201] * 10 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert upload(colleague).status_code == 201


def test_a_download_does_nothing_but_save(live_server_url):
    tenant = make_tenant("Acme")
    _, api = member_api(tenant)
    visitor = make_visitor()
    stored = store(SimpleUploadedFile("bïll.png", PNG), tenant_id=tenant.id)
    with tenant_scope(tenant.id):
        file = attach_later(stored, session=continue_session(visitor))
    make_conversation(tenant, visitor=visitor)
    write(tenant, visitor, "The bill", files=[file])

    answer = httpx.get(f"{live_server_url}/api/attachments/{file.id}", headers=api.headers)

    assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"].startswith("attachment; filename")
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, no-store"
