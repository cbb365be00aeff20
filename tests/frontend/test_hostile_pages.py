"""What pages of others can do to us, and what others write can do on our pages, in a browser."""

import pytest
from playwright.async_api import expect

from assistants import usage
from assistants.knowledge.ingestion import add_source
from assistants.models import Provider, Tool
from conversations.models import Contact, Conversation, Team
from gateways.blackbox.integrations import create_integration
from tenants import account_mail, audit, credentials, invitations, sessions
from tenants.executor import run_in_db_thread
from tenants.ids import uuid7
from tenants.models import AccountMail, Credential, Mail, User
from tenants.scope import tenant_scope
from tests.admin.test_pages import LISTED
from tests.factories import PASSWORD, make_member, make_visitor, write
from tests.frontend.test_our_pages import log_in
from tests.frontend.visitors import log, reply, say, visit

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Out of an attribute, a script, a comment and a tag; for the browser, and for what compiles pages.
EVIL = "'\"};__xss=1//--></script><img src=x onerror=__xss=1><i x-init='__xss=1'>"
# What they quote is shown on their own pages only, and not beside each other.
LETTERS = {"tenants.mail", "tenants.accountmail", "tenants.invitation"}
READ = """async (address) => {
    try {
        const answer = await fetch(address, {credentials: "include"});
        return answer.type + (await answer.text());
    } catch (error) { return "refused"; }
}"""
SEND = """(address) => new Promise((done) => {
    const form = new FormData();
    fetch(address, {method: "POST", mode: "no-cors", credentials: "include", body: form})
        .then((answer) => answer.text()).then(done, () => done("refused"));
})"""
LISTEN = """([address, token]) => new Promise((done) => {
    const socket = new WebSocket(address), heard = [];
    socket.onopen = () => socket.send(JSON.stringify({type: "auth", token, lastEventId: 0}));
    socket.onmessage = (event) => heard.push(JSON.parse(event.data).type);
    socket.onclose = (event) => done([event.code, heard]);
    setTimeout(() => done(["open", heard]), 3000);
})"""
FRAME = """(address) => new Promise((done) => {
    const frame = document.createElement("iframe");
    frame.onload = () => { try { done(frame.contentDocument?.body?.innerText ?? "closed"); }
                           catch (error) { done("closed"); } };
    frame.src = address;
    document.body.append(frame);
})"""
ELSEWHERE = "http://127.0.0.1:9"
# Forms in which an answer could fetch something or run it: each reaches ELSEWHERE or sets a mark.
TRICKS = [
    "![a]({e}/1.png)",
    "![a][r]\n\n[r]: {e}/2.png",
    "[![a]({e}/3.png)]({e}/3)",
    "<img src={e}/4.png>",
    "<img/src='x'/onerror=__xss=1>",
    "<svg onload=__xss=1><image href={e}/5.png /></svg>",
    "<iframe src={e}/6></iframe>",
    "<object data={e}/7></object><embed src={e}/8>",
    "<link rel=stylesheet href={e}/9.css><style>@import url({e}/10.css)</style>",
    '<div style="background:url({e}/11.png)">x</div>',
    "<video poster={e}/12.png src={e}/13.mp4 autoplay></video><audio src={e}/14.mp3 autoplay>",
    "<script>__xss=1</script><script src={e}/15.js></script>",
    "<meta http-equiv=refresh content='0;url={e}/16'>",
    "<base href={e}/><form action={e}/17><input autofocus onfocus=__xss=1></form>",
    "<math><mtext><table><mglyph><style><img src=x onerror=__xss=1></style>",
    "[a](javascript:__xss=1) [b](JaVaScRiPt:__xss=1) [c](java\tscript:__xss=1)",
    "[d](data:text/html,<script>__xss=1</script>) [e](vbscript:x) [f](file:///etc/passwd)",
    "javascript:__xss=1 //{h}/18.png data:image/svg+xml,<svg/onload=__xss=1>",
    "<a href=javascript:__xss=1>x</a> <a href='&#106;avascript:__xss=1'>y</a>",
    "&lt;img src=x onerror=__xss=1&gt; \\u003cimg src=x onerror=__xss=1\\u003e",
    "{{{{constructor.constructor('__xss=1')()}}}} ${{__xss=1}} <%= __xss=1 %>",
    "<template shadowrootmode=open><img src={e}/19.png></template>",
]


@pytest.fixture(scope="module")
def operator(database):
    return User.objects.create_superuser("hostile@operators.example", PASSWORD)


@pytest.fixture
def member(shop):
    return make_member(shop.tenant, role="owner")


async def test_a_page_of_another_site_reads_nothing_and_opens_no_socket(
    page, site, shop, member, operator, live_server_url
):
    """With the cookies of an operator who is logged in, and even with a member's token."""
    await log_in(page, f"{live_server_url}/admin/", operator.email)
    pair = await run_in_db_thread(_tokens, member)
    await page.goto(site.page("mount({})"))
    socket = live_server_url.replace("http", "ws") + "/api/ws/tenant"

    read = [
        await page.evaluate(READ, live_server_url + path)
        for path in ("/admin/", "/api/me", "/api/conversations", "/api/schema", "/")
    ]
    sent = [await page.evaluate(SEND, live_server_url + path) for path in ("/admin/logout/",)]
    heard = [await page.evaluate(LISTEN, [socket, token]) for token in ("", pair.access)]
    framed = await page.evaluate(FRAME, f"{live_server_url}/admin/")

    assert read == ["refused"] * 5
    assert sent == [""] or sent == ["refused"]
    assert heard == [[4403, ["error"]]] * 2
    assert "Log in" not in framed
    assert "Tenants" not in framed
    await page.goto(f"{live_server_url}/admin/")
    assert page.url == f"{live_server_url}/admin/"
    page.complaints = []


async def test_what_anybody_is_called_runs_nowhere_in_the_admin(
    page, shop, member, operator, live_server_url
):
    rows = await run_in_db_thread(_call_everything_evil, shop, member)
    await log_in(page, f"{live_server_url}/admin/", operator.email)
    missing = []
    for label in sorted(LISTED):
        path = f"{live_server_url}/admin/{label.replace('.', '/')}/"
        # There are more people than one page lists.
        query = f"?q={member.user.email}" if label == "tenants.user" else ""
        for address in (path + query, f"{path}{rows[label]}/change/"):
            await page.goto(address)
            assert await page.evaluate("globalThis.__xss") is None, address
            if label not in LETTERS and EVIL[
                :12
            ] not in await page.content() + await page.inner_text("body"):
                missing.append(address)

    assert missing == []


async def test_no_trick_in_an_answer_fetches_or_runs_anything(page, site, shop, member):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    await visit(page, site.page(site.mount(shop)))
    await say(page, "Hello?")
    await expect(page.locator(".visitor:not(.unsent)")).to_contain_text("Hello?")
    text = "\n\n".join(TRICKS).format(e=ELSEWHERE, h=ELSEWHERE.removeprefix("http://"))
    await reply(shop, member, text)
    await reply(shop, member, "The end.")
    await expect(log(page).get_by_text("The end.")).to_be_visible()

    drawn = await log(page).evaluate(
        "(log) => [...log.querySelectorAll('*')].map((one) => one.localName)"
    )
    links = await log(page).evaluate(
        "(log) => [...log.querySelectorAll('a')].map((a) => [a.protocol, a.rel, a.target])"
    )

    ours = (site.url, shop.url, shop.url.replace("http", "ws"))
    assert [url for url in asked if not url.startswith(ours)] == []
    assert not set(drawn) & {"img", "iframe", "script", "style", "form", "object", "video", "base"}
    assert links
    assert {tuple(one) for one in links} == {("http:", "noopener noreferrer", "_blank")}
    assert await page.evaluate("globalThis.__xss") is None


def _tokens(member):
    return sessions.log_in(email=member.user.email, password=PASSWORD)


def _call_everything_evil(shop, member):
    """One row of each kind that the admin lists, all of them named by somebody evil: label → id."""
    tenant = shop.tenant
    tenant.name = EVIL
    tenant.save()
    member.user.name = EVIL
    member.user.save()
    key = credentials.issue(tenant, Credential.Kind.API_KEY, name=EVIL).credential
    with shop.scope():
        type(shop.bubble).objects.update(name=EVIL, settings={"widget": {"title": EVIL}})
        type(shop.assistant).objects.update(name=EVIL)
        integration = create_integration(name=EVIL)
        provider = Provider.objects.create(tenant_id=tenant.id, name=EVIL)
        tool = Tool.objects.create(tenant_id=tenant.id, name="lookup", description=EVIL)
        source = add_source(shop.assistant, kind="text", title=EVIL, content=EVIL)
        usage.reserve(uuid7(), subject=uuid7(), conversation_id=uuid7())
        audit.record("evil", actor=EVIL, target=EVIL, details={"evil": EVIL})
        team = Team.objects.create(tenant_id=tenant.id, name=EVIL)
        invited = invitations.invite(
            tenant, email="kim@evil.example", role="agent", actor=EVIL, name=EVIL
        )
        spent = usage.UsageEntry.objects.first()
        entry = audit.AuditEntry.objects.get(action="evil")
        mailed = Mail.objects.first()
    account_mail.notify(User(email="kim@evil.example"), "emailChanged", email=EVIL)
    notice = AccountMail.objects.order_by("-pk").first()
    received = write(tenant, make_visitor(user_id=EVIL), EVIL)
    with tenant_scope(tenant.id):
        Contact.objects.update(name=EVIL)
        Conversation.objects.update(subject=EVIL)
    return {
        "tenants.tenant": tenant.pk,
        "tenants.user": member.user_id,
        "tenants.membership": member.pk,
        "tenants.credential": key.pk,
        "tenants.auditentry": entry.pk,
        "tenants.invitation": invited.pk,
        "tenants.mail": mailed.pk,
        "tenants.accountmail": notice.pk,
        "assistants.assistant": shop.assistant.pk,
        "assistants.knowledgesource": source.pk,
        "assistants.provider": provider.pk,
        "assistants.tool": tool.pk,
        "assistants.usageentry": spent.pk,
        "conversations.conversation": received.conversation_id,
        "conversations.team": team.pk,
        "widgets.bubble": shop.bubble.pk,
        "gateways.webintegration": integration.pk,
    }
