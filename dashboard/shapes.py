"""The shapes of what the team's REST answers, for the API's description."""

from rest_framework import serializers

from assistants.models import Tool
from assistants.nlu.entities import TYPES
from assistants.nlu.shape import ENGINES, SENTIMENTS
from conversations.inbox import SORTS
from conversations.models import AuthorKind, Owner, Priority, Status
from conversations.models import Availability as StoredAvailability
from conversations.models import Team as StoredTeam
from conversations.models import ToolCall as StoredCall
from tenants.models import Membership
from tenants.preferences import Preferences
from widgets.shapes import Line, Rating


class Contact(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    email = serializers.EmailField(allow_null=True)
    phone = serializers.CharField()
    verified = serializers.BooleanField()
    attributes = serializers.DictField()


class ContactDetail(Contact):
    createdAt = serializers.DateTimeField()


class Excerpt(serializers.Serializer):
    text = serializers.CharField(trim_whitespace=False)
    match = serializers.BooleanField(help_text="Whether it was looked for.")


class ContactHit(ContactDetail):
    excerpt = Excerpt(many=True)


class Preview(serializers.Serializer):
    seq = serializers.IntegerField()
    author = serializers.ChoiceField(AuthorKind.choices)
    authorId = serializers.UUIDField(required=False, help_text="Of the member, if one wrote it.")
    text = serializers.CharField()
    createdAt = serializers.DateTimeField()
    line = Line(required=False)


class Conversation(serializers.Serializer):
    id = serializers.UUIDField()
    channel = serializers.CharField()
    status = serializers.ChoiceField(Status.choices)
    owner = serializers.ChoiceField(Owner.choices)
    assistantId = serializers.UUIDField(allow_null=True)
    assigneeId = serializers.UUIDField(allow_null=True)
    teamId = serializers.UUIDField(allow_null=True, help_text="Null for everybody's queue.")
    waitingSince = serializers.DateTimeField(
        allow_null=True, help_text="Until a person replies for the first time."
    )
    snoozedUntil = serializers.DateTimeField(allow_null=True)
    contact_data = Contact()
    subject = serializers.CharField()
    lastMessage = Preview(allow_null=True)
    seq = serializers.IntegerField(help_text="The number of the newest message.")
    unread = serializers.IntegerField()
    teamReadSeq = serializers.IntegerField(help_text="Up to here the team has read.")
    labels = serializers.ListField(child=serializers.CharField())
    priority = serializers.ChoiceField(Priority.words())
    qualified = serializers.BooleanField()
    handoverReason = serializers.CharField(allow_null=True)
    handoverSummary = serializers.CharField(allow_null=True)
    rating = Rating(allow_null=True)
    createdAt = serializers.DateTimeField()
    updatedAt = serializers.DateTimeField()


class Spending(serializers.Serializer):
    turns = serializers.IntegerField(help_text="Answers of language models.")
    tokens = serializers.IntegerField(help_text="Those of failed attempts included.")
    unpricedTokens = serializers.IntegerField(help_text="Those whose price nobody knows.")
    cost = serializers.DecimalField(
        20, 8, allow_null=True, help_text="US dollars of the other tokens; null if there are none."
    )


class Limits(serializers.Serializer):
    turnsPerMonth = serializers.IntegerField(allow_null=True, help_text="Null means no limit.")
    tokensPerMonth = serializers.IntegerField(allow_null=True)
    visitorTurnsPerDay = serializers.IntegerField(allow_null=True)


class Usage(Spending):
    month = serializers.CharField(help_text="Such as `2031-05`, in UTC.")
    limits = Limits()


class LastPage(serializers.Serializer):
    url = serializers.CharField()
    title = serializers.CharField()
    at = serializers.DateTimeField()


class ConversationDetail(Conversation):
    usage = Spending()
    qualification = serializers.DictField()
    variables = serializers.DictField()
    visitorReadSeq = serializers.IntegerField(help_text="Up to here the visitor has read.")
    page = LastPage(allow_null=True, help_text="Where its visitor was last, within an hour.")
    presence = serializers.ChoiceField(
        ("online", "away"), allow_null=True, help_text="Whether its visitor is there, if known."
    )


class LiveVisitor(serializers.Serializer):
    id = serializers.CharField()
    url = serializers.CharField(help_text="Without query and fragment; empty if unknown.")
    title = serializers.CharField()
    since = serializers.DateTimeField()
    sessionId = serializers.UUIDField(allow_null=True)
    conversationId = serializers.UUIDField(allow_null=True, help_text="Their open one.")
    contact = Contact(allow_null=True)


class LiveVisitors(serializers.Serializer):
    results = LiveVisitor(many=True)


class ListedConversation(Conversation):
    mentioned = serializers.BooleanField(
        required=False,
        help_text="With `mentions=me`: whether a note is for you that you have not seen.",
    )


class Counts(serializers.Serializer):
    mine = serializers.IntegerField(help_text="Open, and yours.")
    unassigned = serializers.IntegerField(help_text="Open, and nobody's.")
    waiting = serializers.IntegerField(help_text="Open, and owned by `waiting`.")
    all = serializers.IntegerField(help_text="Open.")
    snoozed = serializers.IntegerField()
    pending = serializers.IntegerField()
    resolved = serializers.IntegerField()
    mentions = serializers.IntegerField(
        help_text="With a note for you that you have not seen; at most 100."
    )
    teams = serializers.DictField(
        child=serializers.IntegerField(), help_text="Open ones of each team, by its id."
    )
    members = serializers.DictField(
        child=serializers.IntegerField(), help_text="Open ones of each member, by their id."
    )


class Draft(serializers.Serializer):
    conversationId = serializers.UUIDField()
    text = serializers.CharField(help_text="Empty for none.")
    private = serializers.BooleanField()
    updatedAt = serializers.DateTimeField(allow_null=True)


class Label(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    color = serializers.CharField(help_text="Such as `#2563eb`.")


class CannedResponse(serializers.Serializer):
    id = serializers.UUIDField()
    shortcut = serializers.CharField()
    text = serializers.CharField()
    teamId = serializers.UUIDField(allow_null=True, help_text="Null for everybody's.")


class Rendered(serializers.Serializer):
    text = serializers.CharField()


class View(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    filters = serializers.DictField(child=serializers.CharField())
    sort = serializers.ChoiceField(sorted(SORTS))
    shared = serializers.BooleanField()
    memberId = serializers.UUIDField(help_text="Who made it.")


class BulkResult(serializers.Serializer):
    id = serializers.CharField()
    ok = serializers.BooleanField()
    code = serializers.CharField(required=False, help_text="Why not.")


class BulkResults(serializers.Serializer):
    results = BulkResult(many=True)


class Author(serializers.Serializer):
    kind = serializers.ChoiceField(AuthorKind.choices)
    id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()


class Attachment(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    contentType = serializers.CharField()
    size = serializers.IntegerField()
    thumbnail = serializers.BooleanField(help_text="Whether `?thumbnail=1` gets a small image.")


class Message(serializers.Serializer):
    id = serializers.UUIDField()
    conversationId = serializers.UUIDField()
    seq = serializers.IntegerField()
    author = Author()
    text = serializers.CharField()
    attachments = Attachment(many=True)
    private = serializers.BooleanField()
    status = serializers.CharField()
    sources = serializers.ListField(child=serializers.DictField())
    choices = serializers.ListField()
    line = Line(allow_null=True)
    mentions = serializers.ListField(
        child=serializers.UUIDField(), help_text="Members whom the note is for."
    )
    createdAt = serializers.DateTimeField()


class MessageHit(serializers.Serializer):
    conversationId = serializers.UUIDField()
    messageId = serializers.UUIDField()
    seq = serializers.IntegerField()
    author = Author()
    createdAt = serializers.DateTimeField()
    private = serializers.BooleanField(help_text="A note that only the team sees.")
    contact_data = Contact()
    excerpt = Excerpt(many=True, help_text="At most 160 characters around the first match.")


class ToolCall(serializers.Serializer):
    id = serializers.UUIDField()
    conversationId = serializers.UUIDField()
    name = serializers.CharField()
    args = serializers.DictField()
    place = serializers.ChoiceField(Tool.Place.choices)
    risk = serializers.ChoiceField(Tool.Risk.choices)
    status = serializers.ChoiceField(StoredCall.State.choices)
    result = serializers.CharField()
    decidedBy = serializers.UUIDField(allow_null=True, help_text="The member that decided.")
    deadline = serializers.DateTimeField(allow_null=True)
    createdAt = serializers.DateTimeField()
    finishedAt = serializers.DateTimeField(allow_null=True)


class Member(serializers.Serializer):
    id = serializers.UUIDField()
    userId = serializers.UUIDField()
    email = serializers.EmailField()
    name = serializers.CharField()
    role = serializers.ChoiceField(Membership.Role.choices)


class Invitation(serializers.Serializer):
    id = serializers.UUIDField()
    email = serializers.EmailField()
    name = serializers.CharField()
    role = serializers.ChoiceField(Membership.Role.choices)
    status = serializers.ChoiceField(("pending", "expired"))
    invitedBy = serializers.CharField()
    createdAt = serializers.DateTimeField()
    expiresAt = serializers.DateTimeField()


class OwnSession(serializers.Serializer):
    id = serializers.UUIDField()
    current = serializers.BooleanField(help_text="Whether it is the one that asks.")
    userAgent = serializers.CharField()
    ip = serializers.IPAddressField(allow_null=True)
    createdAt = serializers.DateTimeField()
    lastUsedAt = serializers.DateTimeField(help_text="When its tokens were last renewed.")
    expiresAt = serializers.DateTimeField()


class MemberAvailability(serializers.Serializer):
    memberId = serializers.UUIDField()
    status = serializers.ChoiceField(StoredAvailability.Status.choices, help_text="As chosen.")
    online = serializers.BooleanField(help_text="Whether they chose so and are there.")
    capacity = serializers.IntegerField()
    assigned = serializers.IntegerField(help_text="Open conversations that they have in hand.")


class TeamMember(Member):
    availability = MemberAvailability()


class Team(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    strategy = serializers.ChoiceField(StoredTeam.Strategy.choices)
    members = MemberAvailability(many=True)
    createdAt = serializers.DateTimeField()


class Assistant(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    isDefault = serializers.BooleanField()
    published = serializers.BooleanField()


class MessageLanguage(serializers.Serializer):
    code = serializers.CharField()
    confidence = serializers.FloatField(min_value=0, max_value=1)


class Intent(serializers.Serializer):
    name = serializers.CharField()
    confidence = serializers.FloatField(min_value=0, max_value=1)


class Entity(serializers.Serializer):
    type = serializers.ChoiceField(TYPES)
    value = serializers.CharField()
    start = serializers.IntegerField(help_text="Where it begins in the message, in code points.")
    end = serializers.IntegerField(help_text="Where it ends: the place after its last one.")


class Analysis(serializers.Serializer):
    message = serializers.CharField()
    language = MessageLanguage()
    intents = Intent(many=True, help_text="At most five, the likeliest first.")
    topIntent = serializers.CharField(allow_null=True, help_text="The first, if it is likely.")
    entities = Entity(many=True)
    sentiment = serializers.ChoiceField(
        SENTIMENTS,
        allow_null=True,
        help_text="Null without a language model.",
    )
    engine = serializers.ChoiceField(ENGINES)


class Tenant(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    seesTyping = serializers.BooleanField(help_text="Whether the team reads along.")


class Me(serializers.Serializer):
    tenant = Tenant()
    member = Member(allow_null=True, help_text="None for an API key.")
    preferences = Preferences(allow_null=True, help_text="All of them; none for an API key.")
    twoFactor = serializers.BooleanField(allow_null=True)
    scopes = serializers.ListField(
        child=serializers.CharField(), help_text="What an API key may; empty for a member."
    )
