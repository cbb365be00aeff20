"""Files that are not what they say, at each door that takes files."""

import base64
import json

import httpx
import pytest

from conversations.models import Attachment
from tests.bad_input import corpus
from tests.bad_input.doors import blits
from tests.bad_input.fronts import rows
from tests.leaks import leaks

TAKEN = {name: file for name, file in corpus.FILES.items() if file[2]}
REFUSED = {name: file for name, file in corpus.FILES.items() if not file[2]}


@pytest.fixture
def http(front):
    with front.shop.scope():
        front.shop.bubble.file_upload = True
        front.shop.bubble.save()
    with httpx.Client(base_url=f"{front.url}/api/", trust_env=False, timeout=30) as http:
        yield http


def sent(front, http, name, content):
    """What the team's and the visitor's doors answer."""
    team = {"Authorization": f"Bearer {front.jwt}"}
    visitor = {
        "Authorization": f"Bearer {front.shop.token}",
        "X-Session-Secret": front.session["sessionSecret"],
    }
    places = {"attachments": team, f"widgets/{front.tenant.id}/attachments": visitor}
    return {
        place: (http.post(place, files={"file": (name, content)}, headers=headers), headers)
        for place, headers in places.items()
    }


@pytest.mark.parametrize("kind", REFUSED)
def test_a_file_of_another_kind_is_refused(front, http, kind):
    name, content, _ = REFUSED[kind]
    before = rows(front.shop)

    for answer, _ in sent(front, http, name, content).values():
        assert answer.status_code in (400, 415), answer.text
        assert answer.json()["code"] in ("unsupported_file", "file_empty")

    assert rows(front.shop) == before


@pytest.mark.parametrize("kind", TAKEN)
def test_a_file_comes_back_as_nothing_but_a_file(front, http, kind):
    """Under the name of what it is, and such that no browser opens it on our site."""
    name, content, _ = TAKEN[kind]

    for place, (answer, headers) in sent(front, http, name, content).items():
        assert answer.status_code == 201, answer.text
        assert answer.json()["name"].endswith((".png", ".txt", ".pdf"))
        back = http.get(f"{place}/{answer.json()['id']}", headers=headers)
        assert back.content == content
        assert back.headers["Content-Disposition"].startswith("attachment;")
        assert back.headers["X-Content-Type-Options"] == "nosniff"
        assert back.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert "html" not in back.headers["Content-Type"]


def test_no_name_leads_anywhere_or_makes_it_stumble(front, http):
    for name in corpus.NAMES:
        # By hand, as clients' libraries write some of these in other words.
        head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="'
        body = head + name.encode() + b'"\r\n\r\n' + corpus.png() + b"\r\n--x--\r\n"
        headers = {
            "Authorization": f"Bearer {front.jwt}",
            "Content-Type": "multipart/form-data; boundary=x",
        }
        answer = http.post("attachments", content=body, headers=headers)
        assert answer.status_code in (201, 400), (name, answer.text)
        assert not leaks(answer.text)
        if answer.status_code == 201:
            with front.shop.scope():
                row = Attachment.objects.get(pk=answer.json()["id"])
            assert row.name.endswith(".png")
            assert len(row.name) <= 104
            assert not set(row.name) & set('/\\:*?"<>|\0\r\n\N{RIGHT-TO-LEFT OVERRIDE}')
            assert row.file.name.startswith(f"attachments/{front.tenant.id}/")


FORMS = {
    "no boundary": ("multipart/form-data", b"--x\r\n"),
    "a long boundary": ("multipart/form-data; boundary=" + "x" * 300, b"--x\r\n"),
    "a boundary of another alphabet": ("multipart/form-data; boundary=\xe4", b"--\xe4\r\n"),
    "nothing": ("multipart/form-data; boundary=x", b""),
    "no end": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nab',
    ),
    "a field for a file": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nab\r\n--x--\r\n',
    ),
    "2,000 fields": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' * 2_000 + b"--x--\r\n",
    ),
    "200 files": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\nb\r\n' * 200
        + b"--x--\r\n",
    ),
    "a packed part": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n!\r\n--x--\r\n",
    ),
    "a part with a long head": (
        "multipart/form-data; boundary=x",
        b"--x\r\nContent-Disposition: form-data; " + b"a=b; " * 10_000 + b"\r\n\r\nb\r\n--x--\r\n",
    ),
    "JSON": ("application/json", b"{}"),
}


@pytest.mark.parametrize("kind", FORMS)
def test_a_form_that_is_none_is_refused(front, http, kind):
    content_type, body = FORMS[kind]
    before = rows(front.shop)
    tokens = {"attachments": front.jwt}
    tokens[f"external/messages/{front.places['blits']}/text"] = front.api_token

    for place, token in tokens.items():
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": content_type.encode("latin-1"),
        }
        answer = http.post(place, content=body, headers=headers)
        assert answer.status_code in (400, 413, 415), answer.text
        assert answer.json()["error"]
        assert not leaks(answer.text)

    assert rows(front.shop) == before


def test_files_in_frames_are_judged_by_the_same_rules(front):
    door = blits(front)
    files = [
        base64.b64encode(content).decode() for _, content, is_taken in REFUSED.values() if content
    ]
    frames = [
        {**door.good[0], "fileData": data} for data in [*files, "!", "AAAA=", "\u00e4", "=" * 99]
    ]

    for heard, code in door.play(frames):
        assert code is None
        assert all(map(door.is_error, heard)), json.dumps(heard)
