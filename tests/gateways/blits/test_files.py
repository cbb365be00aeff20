"""Files that come in a message."""

import base64

import pytest
from django.core.files.storage import default_storage

from assistants.versions import create_version, publish
from conversations.models import Attachment, Message
from tenants.executor import run_in_db_thread
from tests.gateways.blits.sockets import connected, talking
from tests.gateways.blits.tokens import bubble_token
from tests.widgets import files

pytestmark = pytest.mark.usefixtures("closed_hub", "no_turn_is_left", "rival")


def encoded(content):
    return base64.b64encode(content).decode()


def stored(shop):
    """The shop's files in the storage, and what is known of them."""
    with shop.scope():
        known = list(Attachment.objects.values_list("name", "content_type", "message__text"))
        count = Message.objects.count()
    folder = f"attachments/{shop.tenant.id}"
    kept = default_storage.listdir(folder)[1] if default_storage.exists(folder) else []
    return len(kept), known, count


@pytest.mark.parametrize(
    ("content", "extension", "name", "kind"),
    [
        (files.PNG, "png", "file.png", "image/png"),
        (files.PDF, ".pdf", "file.pdf", "application/pdf"),
        (files.JPEG, "exe", "file.exe.jpg", "image/jpeg"),
        (files.TEXT, None, "file.txt", "text/plain"),
        (files.PNG, "../../x", "x.png", "image/png"),
    ],
    ids=["png", "pdf", "mislabelled", "unlabelled", "path"],
)
async def test_a_file_is_taken_for_what_it_is(shop, content, extension, name, kind):
    async with talking(shop) as socket:
        await socket.write("See here", fileData=encoded(content), fileExtension=extension)
        history = await socket.ask("loadHistory")

    assert await run_in_db_thread(stored, shop) == (1, [(name, kind, "See here")], 1)
    assert history["chatHistory"][0]["message"] == f"See here\n[{name}]"


async def test_a_file_needs_no_text(shop):
    async with talking(shop) as socket:
        await socket.write(None, fileData=encoded(files.PNG), fileExtension="png")

    assert (await run_in_db_thread(stored, shop))[2] == 1


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"fileData": "not base64!"}, "fileData: Must be base64"),
        ({"fileData": encoded(files.HTML)}, "This kind of file is not taken"),
        ({"fileData": encoded(files.ZIP)}, "This kind of file is not taken"),
        ({"fileData": "===="}, "fileData: Must be base64"),
        ({"fileData": "  "}, "The file is empty"),
        ({"fileData": encoded(files.PNG), "message": "x" * 8001}, "A message has at most 8000"),
    ],
)
async def test_what_is_refused_leaves_nothing(shop, fields, error):
    async with talking(shop) as socket:
        refused = await socket.ask("message", requestId="f", **fields)

    assert refused["error"].startswith(error)
    assert refused["requestId"] == "f"
    assert await run_in_db_thread(stored, shop) == (0, [], 0)


async def test_ten_mebibytes_are_taken_and_no_more(shop):
    content = files.PNG + bytes(10 * 1024 * 1024 - len(files.PNG))

    async with talking(shop) as socket:
        refused = await socket.ask("message", fileData=encoded(content + b"\0"))
        await socket.write("Big", fileData=encoded(content))
        much = await socket.ask("message", fileData="A" * 15_728_000)
        last = await socket.ask("message", fileData="A" * 15 * 1024 * 1024)
        code = await socket.close_code()

    assert refused["error"] == much["error"] == "A file has at most 10 MiB"
    assert (last["error"], code) == ("The frame is too large", 4413)
    assert (await run_in_db_thread(stored, shop))[0] == 1


async def test_a_bubble_takes_files_if_its_switch_says_so(shop):
    token = await run_in_db_thread(bubble_token, shop)
    await run_in_db_thread(switch_off, shop)

    async with connected(token) as socket:
        await socket.initialize()
        refused = await socket.ask("message", message="See", fileData=encoded(files.PNG))

    assert refused["error"] == "Files are not taken here"
    assert await run_in_db_thread(stored, shop) == (0, [], 0)


async def test_an_assistant_takes_files_of_servers_if_its_switch_says_so(shop):
    await run_in_db_thread(share_no_files, shop)
    page = await run_in_db_thread(bubble_token, shop)

    async with talking(shop) as socket:
        refused = await socket.ask("message", message="See", fileData=encoded(files.PNG))
    assert await run_in_db_thread(stored, shop) == (0, [], 0)
    async with talking(shop, token=page) as socket:
        await socket.write("See", fileData=encoded(files.PNG))

    assert refused["error"] == "Files are not taken here"
    assert (await run_in_db_thread(stored, shop))[2] == 1


def share_no_files(shop):
    with shop.scope():
        publish(create_version(shop.assistant, file_sharing=False))


def switch_off(shop):
    with shop.scope():
        shop.bubble.file_upload = False
        shop.bubble.save()


async def test_the_eleventh_file_in_ten_minutes_is_refused(shop):
    async with talking(shop) as socket:
        for _ in range(10):
            await socket.write("See", fileData=encoded(files.PNG))
        refused = await socket.ask("message", message="See", fileData=encoded(files.PNG))

    assert refused["error"] == "Too many requests; try again later"
    assert (await run_in_db_thread(stored, shop))[0] == 10
