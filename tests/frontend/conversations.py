"""A conversation with everything in it that a conversation can have."""

from playwright.async_api import expect

from tests.frontend.visitors import Wire, box, say

ANSWER = """We have **three** ways to return an order, *all free*:

1. In the shop, at the till
2. By post, with the label from `My orders`
   - print it
   - or show its code
3. With the courier

## What it takes
See [returns](https://shop.example/returns) or https://shop.example/help.

```
ORDER-1234
```"""
FILES = [
    {"id": "f1", "name": "Return label for order 1234.pdf", "contentType": "application/pdf"},
    {"id": "f2", "name": "notes.txt", "contentType": "text/plain"},
]


def message(seq, kind, text, *, name="", at="2026-11-30T10:00:00.000Z", **fields):
    """A message as it travels."""
    given = {"id": f"m{seq}", "seq": seq, "author": {"kind": kind, "name": name}, "text": text}
    rest = {"attachments": [], "sources": [], "choices": [], "createdAt": at}
    return given | rest | fields


def everything(*, start=100):
    """Messages of everybody, with all that messages have."""
    files = [file | {"size": 1024 * 180} for file in FILES]
    sources = [{"title": "Returns", "url": "https://shop.example/returns"}, {"title": "Handbook"}]
    days = [f"2026-11-0{day}T10:00:00.000Z" for day in (2, 2, 3)]
    return [
        message(start, "visitor", "How do I return this? https://shop.example/1", at=days[0]),
        message(start + 1, "assistant", ANSWER, name="Ada", at=days[1], sources=sources),
        message(start + 2, "system", "A person of our team will answer you here.", at=days[2]),
        message(
            start + 3, "agent", "Here is your label.", name="Ana", attachments=files, at=days[2]
        ),
        message(start + 4, "visitor", "Thanks!", at=days[2]),
        message(
            start + 5, "assistant", "Anything else?", name="Ada", choices=["Yes, please", "No"]
        ),
    ]


async def full(page, address):
    """Open a chat with everything in it; the wire it hangs on."""
    wire = Wire()
    await wire.hold(page)
    await page.goto(address)
    await page.locator(".launcher").click()
    await expect(box(page)).to_be_focused()
    await say(page, "Hello")
    await expect(page.locator(".visitor:not(.unsent)")).to_be_visible()
    for one in everything():
        wire.tell("message:new", data=one)
    await expect(page.locator(".choices button")).to_have_count(2)
    return wire
