"""Whatever is asked for, it is compared and never run; and no path leads out of a folder."""

import base64
import json

import pytest
from django.test import Client

from tests.leaks import leaks

SQL = [
    "'",
    '"',
    "\\",
    "' OR '1'='1",
    "' OR 1=1 --",
    "1) OR (1=1",
    "'; DROP TABLE conversations_message; --",
    "' UNION SELECT password FROM tenants_user --",
    "(SELECT pg_sleep(9))",
    "%27%20OR%201=1",
    "$1",
    "%s",
    "{0}",
    "__proto__",
    "\u02bc OR 1=1 --",
    "\0",
    "1e309",
    "-1",
    "9" * 40,
]
QUERIES = {
    "/api/conversations": (
        "status", "owner", "assignee", "team", "assistant", "label", "channel", "priority",
        "unread", "mentions", "since", "until", "updatedSince", "q", "sort", "cursor", "limit",
    ),
    "/api/contacts": ("q", "sort", "cursor", "limit"),
    "/api/search?q=parcel": ("q",),
    "/api/drafts": ("cursor", "limit"),
    "/api/labels": ("cursor", "limit"),
    "/api/canned-responses": ("cursor", "limit"),
    "/api/views": ("cursor", "limit"),
    "/api/conversations/{conversation_id}/messages": ("cursor", "limit"),
    "/api/conversations/{conversation_id}/tool-calls": ("cursor", "limit"),
    "/api/members": ("cursor", "limit"),
    "/api/assistants": ("cursor", "limit"),
    "/api/teams": ("cursor", "limit"),
    "/api/invitations": ("cursor", "limit"),
    "/api/me/sessions": ("cursor", "limit"),
    "/api/usage": ("month", "conversation"),
    "/api/v1/web-integrations": ("cursor", "limit"),
    "/api/widgets/{tenant_id}/conversations": ("cursor",),
    "/api/widgets/{tenant_id}/conversations/{conversation_id}/messages": ("cursor",),
    "/api/widgets/{tenant_id}/conversations/{conversation_id}/events": ("after",),
}  # fmt: skip
LISTS = ("tenants/user", "conversations/conversation")


def sealed(text):
    """As a cursor that a list gave out would be spelled."""
    return base64.urlsafe_b64encode(json.dumps(text).encode()).decode().rstrip("=")


def ids_in(answer):
    found = answer.json().get("results")
    rows = found if isinstance(found, list) else []
    return {str(one["id"]) for one in rows if "id" in one}


@pytest.mark.parametrize("path", QUERIES)
def test_a_filter_or_cursor_is_a_value_and_nothing_else(house, neighbours, path):
    headers = {"Authorization": f"Bearer {house.jwt}"}
    if "widgets" in path:
        headers = {"Authorization": f"Bearer {house.token}", "X-Session-Secret": house.secret}
    address = path.format(tenant_id=house.tenant.id, conversation_id=house.conversation_id)
    client = Client(headers=headers)
    listed = client.get(address)
    assert listed.status_code == 200
    everything = ids_in(listed)
    theirs = [str(one) for one in (neighbours.tenant.id, neighbours.conversation_id)]
    theirs += [str(neighbours.shop.assistant.id), neighbours.contact_id]

    for name in QUERIES[path]:
        for text in (*SQL, *(map(sealed, SQL) if name == "cursor" else ())):
            answer = client.get(address, query_params={name: text})
            # A refusal quotes what was asked.
            said = answer.content.decode().replace(text, "")
            assert answer.status_code in (200, 400, 404), (name, text)
            assert ids_in(answer) <= everything, (name, text)
            assert not leaks(said), (name, text)
            assert not [one for one in theirs if one in said], (name, text)


@pytest.mark.parametrize("path", LISTS)
def test_the_admins_search_is_words_and_nothing_else(operators_browser, path):
    for text in SQL[3:9]:
        answer = operators_browser.get(f"/admin/{path}/", {"q": text})
        assert answer.status_code == 200, text
        assert not answer.context["cl"].result_list, text


def test_no_path_leads_out_of_a_folder(house):
    """Static files, files of visitors and of the team: read off the disk by name, never by path."""
    ups = ("../", "..%2f", "%2e%2e/", "..%5c", "....//", "%252e%252e%252f", "/", "%00")
    starts = (
        "/static/",
        "/static/dist/",
        "/assets/",
        "/media/",
        f"{house.widget}/attachments/",
        "/api/attachments/",
        "/admin/",
    )
    headers = {"Authorization": f"Bearer {house.jwt}", "X-Session-Secret": house.secret}
    with house.client() as client:
        for start in starts:
            for up in ups:
                for target in ("secret_key", "etc/passwd", "livechat/settings.py", "manage.py"):
                    # As it is: the library would tidy the path up.
                    raw = (start + up * 4 + target).encode()
                    request = client.build_request("GET", "/", headers=headers)
                    request.url = request.url.copy_with(raw_path=raw)
                    answer = client.send(request)
                    assert answer.status_code in (302, 400, 401, 404), raw
                    assert b"root:" not in answer.content
                    assert b"SECRET_KEY" not in answer.content


def test_a_file_is_only_ever_saved(house):
    """Whoever sent it and whoever asks: no browser shows it as a page of ours."""
    own = {"Authorization": f"Bearer {house.token}", "X-Session-Secret": house.secret}
    paths = {
        f"{house.widget}/attachments/{house.own_file}": own,
        f"/api/attachments/{house.team_file}": {"Authorization": f"Bearer {house.jwt}"},
    }
    with house.client() as client:
        for path, headers in paths.items():
            answer = client.get(path, headers=headers)
            assert answer.status_code == 200
            assert answer.headers["Content-Disposition"].startswith("attachment;")
            assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert client.get(path).status_code == 401
