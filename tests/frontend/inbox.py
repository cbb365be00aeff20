"""A team's member at the inbox: what is there to talk about, and how they get in."""

from datetime import timedelta

from playwright.async_api import expect

from conversations import engine
from conversations.models import Contact, Conversation
from conversations.sessions import continue_session
from tenants.scope import tenant_scope
from tests.dashboard.team import member_api
from tests.factories import PASSWORD, make_assistant, make_member, make_visitor, write

NAMES = ["Ada Lovelace", "Grace Hopper", "Annie Easley", "Mary Jackson", "Karen Spärck Jones"]


def member(tenant, **fields):
    return make_member(tenant, email=f"ana@{tenant.slug}.example", **fields)


async def log_in(page, address, member, path="/"):
    """Come in by the front door."""
    await page.goto(address + path)
    await page.get_by_label("E-mail").fill(member.user.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("navigation", name="Main")).to_be_visible()


def visitor_writes(tenant, text, visitor=None, name=""):
    """A visitor's message, of one whom the team knows by this name; the conversation's id."""
    visitor = visitor or make_visitor()
    if name:
        with tenant_scope(tenant.id):
            contact_id = continue_session(visitor).contact_id
            Contact.objects.filter(pk=contact_id).update(name=name)
    return str(write(tenant, visitor, text).conversation_id)


def many(tenant, count):
    """So many open conversations, each with a message, written straight into the tables."""
    first = visitor_writes(tenant, "The first", name="Visitor 0")
    with tenant_scope(tenant.id):
        pattern = Conversation.objects.get(pk=first)
        contacts = [Contact(tenant=tenant, name=f"Visitor {number}") for number in range(1, count)]
        Contact.objects.bulk_create(contacts)
        names = [field.attname for field in Conversation._meta.concrete_fields]
        fields = {
            name: getattr(pattern, name) for name in names if name not in ("id", "contact_id")
        }
        begun = fields.pop("updated_at")
        Conversation.objects.bulk_create(
            Conversation(**fields, contact=contact, updated_at=begun - timedelta(minutes=number))
            for number, contact in enumerate(contacts, 1)
        )


def rows(page):
    return page.locator(".rows li")


def row(page, name):
    return rows(page).filter(has=page.get_by_text(name, exact=True))


def view(page, name):
    return page.get_by_role("navigation").get_by_role("link", name=name)


async def names(page):
    return await rows(page).locator(".name").all_text_contents()


async def press(page, *keys):
    for key in keys:
        await page.keyboard.press(key)


async def palette(page, words):
    """Have done what is called so."""
    await page.keyboard.press("Control+k")
    await page.get_by_role("combobox", name="Search or jump to").fill(words)
    await page.keyboard.press("Enter")


def share_view(tenant, name, **fields):
    """Have everybody see a view; whose API can change it, and where."""
    _, api = member_api(tenant, role="owner")
    view = api.post("views", {"name": name, "shared": True, **fields}).json()
    return api, f"views/{view['id']}"


def status(tenant, conversation_id):
    with tenant_scope(tenant.id):
        return Conversation.objects.get(pk=conversation_id).status


def foreign_conversation(tenant):
    make_assistant(tenant)
    visitor_writes(tenant, "A secret", name="Somebody else's")


def hand_over(tenant, conversation_id):
    with tenant_scope(tenant.id):
        conversation = engine.team_conversation(conversation_id)
        engine.hand_over(conversation, reason="requested", text="Somebody will be with you.")
