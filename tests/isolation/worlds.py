"""Tenants with one of everything, each thing marked with whose it is."""

import time
from dataclasses import dataclass, field
from datetime import timedelta

import jwt
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from assistants.events import Reply, Usage
from assistants.knowledge.ingestion import add_source
from assistants.versions import create_assistant
from conversations import answers, attachments, contacts, engine, live_visitors, turns
from conversations.canned_responses import create_response
from conversations.contact_changes import create_contact
from conversations.labels import create_label
from conversations.models import (
    Attachment,
    Contact,
    Conversation,
    Message,
    ToolCall,
    Turn,
    TurnState,
)
from conversations.models.turn import OPEN_STATES
from conversations.opening import reserve_conversation
from conversations.saved_views import create_view
from conversations.sessions import Visitor, continue_session, secret_of
from conversations.teams import create_team, delete_team
from gateways.blackbox.integrations import create_integration, delete_integration, issue_token
from tenants import credentials, invitations, sessions
from tenants.ids import uuid7
from tenants.models import Credential, Invitation, LoginSession, Membership
from tenants.scope import tenant_scope
from tests.conversations.calling import waiting_call
from tests.factories import PASSWORD, make_member, make_tenant
from tests.isolation.rows import fingerprint
from tests.widgets.files import PNG
from tests.widgets.shops import make_shop
from widgets.bubbles import create_bubble
from widgets.resuming import link_to

QUICK = ["django.contrib.auth.hashers.MD5PasswordHasher"]
KIND = Credential.Kind
SETTINGS = {"offlineForm": {"enabled": True}}
ROLES = ("owner", "admin", "agent")


@dataclass
class Person:
    """A visitor, or a server's user: their canary, how they prove themselves, and their ids."""

    canary: str
    secret: str = ""
    ids: dict = field(default_factory=dict)


class World:
    def __init__(self, name, **fields):
        self.tenant = make_tenant(
            name, is_demo=True, guests_allowed=True, phone_number="+15555550100", **fields
        )
        self.canary = f"canary-{uuid7().hex}"
        self.shop = make_shop(self.tenant, "", settings=SETTINGS, presence_ping=True)
        self.assistant, self.bubble = self.shop.assistant, self.shop.bubble
        with self.scope():
            add_source(self.assistant, kind="text", title=self.canary, content=self.canary)
            self.other_assistant = create_assistant(self.canary)
        self.members = {role: self._member(role) for role in ROLES}
        self.mine, self.other = self._visitor(), self._visitor()
        self.served = self._served()
        self.paged, self.other_paged = self._paged(), self._paged()
        self.tokens = {**self._tokens(), **self._worthless_tokens()}
        self.tenant_ids = self._tenant_ids()
        self.identity = credentials.issue(self.tenant, KIND.IDENTITY_SECRET)
        self.deleted = self._deleted()

    def scope(self):
        return tenant_scope(self.tenant.id)

    def fingerprint(self):
        return fingerprint(self.tenant.id)

    def vouches_for(self, user_id):
        """What the tenant's own site gives to a user of its."""
        claims = {"sub": user_id, "name": "Kim", "exp": int(time.time()) + 600}
        return jwt.encode(claims, self.identity.secret, algorithm="HS256")

    def leads_back(self, person):
        """What is in the link of a mail to this visitor."""
        with self.scope():
            conversation = Conversation.objects.get(pk=person.ids["conversation"])
            return link_to(self.bubble, conversation).partition("#resume=")[2]

    def close(self):
        """No worker of another test shall find what is unanswered here."""
        with self.scope():
            Turn.objects.filter(state__in=OPEN_STATES).update(state=TurnState.CANCELLED)

    def admit_vendors(self):
        """People who come in through the other vendors' sockets."""
        guest, user = "kim", f"user-{uuid7().hex}"
        for name in ("guest", "other_guest"):
            visitor = Visitor(self.tenant.id, f"guest-{uuid7().hex}", user_id=guest)
            setattr(self, name, self._person(visitor, "zeebee"))
        visitor = Visitor(self.tenant.id, user, user_id=user, is_vouched_for=True)
        self.led = self._person(visitor, "zeebee")
        for name in ("caller", "other_caller"):
            visitor = Visitor(self.integration.id, f"guest-{uuid7().hex}")
            setattr(self, name, self._person(visitor, "blackbox"))
        visitor = Visitor(self.tenant.id, f"guest-{uuid7().hex}", is_vouched_for=True)
        self.dialled = self._person(visitor, "blackbox")

    def suspend(self):
        self.tenant.suspended_at = timezone.now()
        self.tenant.save()

    def canaries(self):
        people = [one for one in vars(self).values() if isinstance(one, Person)]
        return {self.canary, *(person.canary for person in people)}

    # Things that a request uses up are made for each.

    def fresh(self, kind, person):
        """An id of this kind that nothing has happened to yet."""
        makers = {
            "unsent": lambda: [self._file(person.session).id],
            "team file": lambda: [self._file(None).id],
            "call": lambda: self._call(person),
            "approvable": lambda: self._call(person, risk="approval"),
            "team": lambda: self._team().id,
            "team label": lambda: self._label().id,
            "canned response": lambda: self._canned_response().id,
            "view": lambda: self._view().id,
            "spare contact": lambda: create_contact(name=self.canary).id,
            "colleague": lambda: self._member("agent").id,
            "invitation": lambda: self._invitation().id,
            "live visitor": self._live_visitor,
            "integration": lambda: create_integration(name=self.canary).id,
            "integration token": lambda: self._integration_token().credential.id,
        }
        with self.scope():
            made = makers[kind]()
        return [str(one) for one in made] if isinstance(made, list) else str(made)

    def log_in_of(self, role):
        """One more session of a member's."""
        claims = self._log_in(self.members[role]).access
        return str(sessions.verify_access(claims).session_id)

    def _invitation(self):
        # Not by mail, of which a tenant has so many a day.
        fields = {"email": f"{uuid7().hex}@shop.example", "name": self.canary}
        expires = timezone.now() + timedelta(days=1)
        return Invitation.objects.create(tenant=self.tenant, expires_at=expires, **fields)

    def _live_visitor(self):
        page = live_visitors.Page("", self.canary, str(self.bubble.id))
        visitor_id = live_visitors.page_id(self.bubble.id, self.canary)
        live_visitors.note(self.tenant.id, visitor_id, page)
        return visitor_id

    def _integration_token(self):
        return issue_token(self.integration, name=f"{self.canary} {uuid7()}")

    def _team(self):
        name = f"{self.canary} {uuid7()}"
        members = [self.members["agent"]]
        return create_team(name=name, strategy="round_robin", members=members, actor="a test")

    def _label(self):
        return create_label(name=f"{uuid7()} {self.canary}"[:60], color="#000000", actor="a test")

    def _canned_response(self):
        text = {"shortcut": str(uuid7()), "text": self.canary, "team": None}
        return create_response(actor="a test", **text)

    def _view(self):
        owner = self.members["owner"]
        return create_view(owner, name=self.canary, shared=True, sort="updated")

    def _call(self, person, risk="read"):
        conversation = Conversation.objects.get(pk=person.ids["conversation"])
        return waiting_call(conversation, person.canary, risk=risk)

    def _file(self, session):
        """A file that is to be sent, by the team if by no visitor."""
        file = SimpleUploadedFile(f"{self.canary}.png", PNG)
        stored = attachments.store(file, tenant_id=self.tenant.id)
        return attachments.attach_later(stored, session=session)

    def _member(self, role):
        member = make_member(self.tenant, role=role)
        member.user.name = f"{role} {self.canary}"
        member.user.save()
        return member

    # People.

    def _visitor(self):
        visitor = Visitor(self.bubble.id, f"label-{uuid7().hex}", user_agent="Firefox")
        return self._person(visitor, "chat")

    def _served(self):
        """A user of a server that speaks Blits, known to it by a name of its own."""
        user = f"user-{uuid7().hex}"
        visitor = Visitor(self.assistant.id, user, user_id=user, is_vouched_for=True)
        return self._person(visitor, "blits")

    def _paged(self):
        """A visitor of a page that speaks Blits."""
        visitor = Visitor(self.bubble.id, f"guest-{uuid7().hex}", user_agent="Firefox")
        return self._person(visitor, "blits")

    def _person(self, visitor, channel):
        """Somebody who said who they are, sent a file, got an answer, and whom two tools await."""
        person = Person(f"canary-{uuid7().hex}")
        with self.scope():
            person.session = session = continue_session(visitor)
            session.secret_seen = True
            session.save()
            person.secret = secret_of(session)
            contacts.introduce(session, email="", name=person.canary, phone="", attributes={})
            person.ids |= self._begin(person, channel)
            self._answer(person)
        with self.scope():
            person.ids["call"] = self._call(person)
            person.ids["approvable"] = self._call(person, risk="approval")
        return person

    def _begin(self, person, channel):
        session, key = person.session, f"key-{person.canary}"
        conversation = reserve_conversation(session, assistant=self.assistant, channel=channel)
        file = self._file(session)
        said = engine.receive_message(
            session,
            text=f"I am {person.canary}",
            conversation_id=str(conversation.id),
            files=[file],
            client_id=key,
        )
        return {
            "label": session.label,
            "user": session.user_id,
            "secret": person.secret,
            "conversation": str(conversation.id),
            "contact": str(session.contact_id),
            "message": str(said.message_id),
            "attachment": str(file.id),
            "unsent": [str(self._file(session).id)],
            "key": key,
        }

    def _answer(self, person):
        """Before a worker knows of the question."""
        turn = Turn.objects.get(conversation_id=person.ids["conversation"])
        held = turns.claim(self.tenant.id, turn.id)
        answers.commit(held, Reply(f"Hello {person.canary}"), usage=Usage(model="knowledge"))

    # Credentials.

    def _tokens(self):
        with self.scope():
            self.integration = create_integration(name=self.canary, browser_tools=["show"])
            integration_token = issue_token(self.integration, name=self.canary)
        self.integration_token = integration_token.credential
        return {
            "widget token": self.shop.token,
            "bubble token": self.shop.token_of(self.bubble, KIND.BUBBLE_TOKEN),
            "API token": self._issue(KIND.API_TOKEN, subject_id=self.assistant.id),
            "API token of another assistant": self._issue(
                KIND.API_TOKEN, subject_id=self.other_assistant.id
            ),
            "API key": self._issue(KIND.API_KEY, scopes=["*"]),
            "API key without scopes": self._issue(KIND.API_KEY),
            "web-integration token": integration_token.secret,
            "session secret": self.mine.secret,
            **{role: self._log_in(member).access for role, member in self.members.items()},
        }

    def _issue(self, kind, **fields):
        return credentials.issue(self.tenant, kind, **fields).secret

    def _log_in(self, member):
        return sessions.log_in(email=member.user.email, password=PASSWORD, tenant_id=self.tenant.id)

    def _worthless_tokens(self):
        """What once was good, by what became of it."""
        subjects = {KIND.BUBBLE_TOKEN: self.bubble.id, KIND.WIDGET_TOKEN: self.bubble.id}
        subjects |= {KIND.API_TOKEN: self.assistant.id, KIND.API_KEY: None}
        subjects[KIND.WEB_INTEGRATION_TOKEN] = self.integration.id
        past = timezone.now() - timedelta(seconds=1)
        tokens = {}
        for end, fields in (("revoked", {"revoked_at": past}), ("expired", {"expires_at": past})):
            for kind, subject in subjects.items():
                issued = credentials.issue(self.tenant, kind, subject_id=subject, scopes=["*"])
                Credential.objects.filter(pk=issued.credential.pk).update(**fields)
                tokens[f"{end} {kind.label}"] = issued.secret
        return {**tokens, **self._worthless_log_ins()}

    def _worthless_log_ins(self):
        logged_out, expired, gone, changed = (self._member("owner") for _ in range(4))
        pairs = [self._log_in(one) for one in (logged_out, expired, gone, changed)]
        sessions.log_out(pairs[0].refresh)
        past = timezone.now() - timedelta(seconds=1)
        LoginSession.objects.filter(membership=expired).update(expires_at=past)
        Membership.objects.filter(pk=gone.pk).update(is_active=False)
        Membership.objects.filter(pk=changed.pk).update(role="admin")
        self.ended_refresh, self.gone = pairs[0].refresh, gone
        return {
            "ended log-in": pairs[0].access,
            "expired log-in": pairs[1].access,
            "log-in of a member who left": pairs[2].access,
            "log-in from before a change of role": pairs[3].access,
            "refresh token": self._log_in(self.members["owner"]).refresh,
        }

    # Ids that are the tenant's, and those of what is gone.

    def _tenant_ids(self):
        return {
            "tenant": str(self.tenant.id),
            "widget": str(self.tenant.id),
            "code": self.bubble.code,
            "assistant": str(self.assistant.id),
            "member": str(self.members["agent"].id),
            "integration": str(self.integration.id),
            "integration token": str(self.integration_token.id),
            "members": [str(self.members["agent"].id)],
            **{
                kind: self.fresh(kind, None)
                for kind in (
                    "team",
                    "team label",
                    "canned response",
                    "view",
                    "spare contact",
                    "invitation",
                    "live visitor",
                )
            },
            "conversations": [self.mine.ids["conversation"]],
            "colleague": str(self.members["agent"].id),
            "log-in": self.log_in_of("agent"),
            "refresh": self._log_in(self.members["agent"]).refresh,
            "team file": self.fresh("team file", None),
        }

    def _deleted(self):
        gone = self._visitor_who_is_gone()
        with self.scope():
            assistant = create_assistant("Gone")
            integration = create_integration(name="Gone")
            token = self._integration_token().credential
            delete_integration(integration, actor="a test")
            team = self._team()
            ids = {"assistant": str(assistant.id), "integration": str(integration.id)}
            ids["team"] = str(team.id)
            assistant.delete()
            delete_team(team, actor="a test")
            ids |= self._deleted_arrangements()
        credentials.revoke(token)
        bubble = create_bubble(self.tenant, None, name="Gone")
        code = bubble.code
        with self.scope():
            bubble.public_code.delete()
            bubble.delete()
        with self.scope():
            revoked = self._invitation()
        invitations.revoke(revoked, actor="a test")
        ended = self.log_in_of("agent")
        LoginSession.objects.filter(pk=ended).update(revoked_at=timezone.now())
        left = make_member(make_tenant("Left"), role="owner")
        left.user, left.is_active = self.members["owner"].user, False
        left.save()
        return {
            **gone,
            **ids,
            "integration token": str(token.id),
            "spare contact": gone["contact"],
            "member": str(self.gone.id),
            "colleague": str(self.gone.id),
            "invitation": str(revoked.id),
            "live visitor": uuid7().hex,
            "log-in": str(ended),
            "members": [str(self.gone.id)],
            "conversations": [gone["conversation"]],
            "code": code,
            "widget": code,
            "tenant": str(left.tenant_id),
            "refresh": self.ended_refresh,
        }

    def _deleted_arrangements(self):
        made = {
            "team label": self._label(),
            "canned response": self._canned_response(),
            "view": self._view(),
        }
        ids = {kind: str(one.id) for kind, one in made.items()}
        for one in made.values():
            one.delete()
        return ids

    def _visitor_who_is_gone(self):
        person = self._visitor()
        ids = dict(person.ids)
        where = {"conversation_id": ids["conversation"]}
        with self.scope():
            ToolCall.objects.filter(**where).delete()
            Turn.objects.filter(**where).delete()
            Attachment.objects.filter(session=person.session).delete()
            Message.objects.filter(**where).delete()
            Conversation.objects.filter(pk=ids["conversation"]).delete()
            person.session.delete()
            Contact.objects.filter(pk=ids["contact"]).delete()
        return ids
