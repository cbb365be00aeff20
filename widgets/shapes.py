"""What visitors' clients are answered, for the API's description."""

from rest_framework import serializers

from conversations.lines import LINES
from conversations.models import AuthorKind, Owner, Status
from widgets import config


class Source(serializers.Serializer):
    title = serializers.CharField()
    url = serializers.CharField()
    sourceId = serializers.UUIDField()


class ChatMetadata(serializers.Serializer):
    model = serializers.CharField()
    tokens = serializers.IntegerField()
    sources = Source(many=True, required=False)
    choices = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Titles to choose from."
    )
    pending = serializers.BooleanField(required=False, help_text="The answer comes later.")
    handledBy = serializers.CharField(required=False, help_text="`human`: a person answers.")
    handover = serializers.CharField(required=False, help_text="Why a person was asked for.")


class ChatAnswer(serializers.Serializer):
    success = serializers.BooleanField()
    conversationId = serializers.UUIDField()
    message = serializers.CharField(allow_null=True)
    messageId = serializers.UUIDField(required=False)
    metadata = ChatMetadata()
    sessionSecret = serializers.CharField(
        required=False, help_text="With a session's first answer only."
    )


class Success(serializers.Serializer):
    success = serializers.BooleanField()


class FileRules(serializers.Serializer):
    maxBytes = serializers.IntegerField()
    types = serializers.ListField(child=serializers.CharField())


class Expectation(serializers.Serializer):
    status = serializers.ChoiceField(
        ("online", "away", "closed"),
        help_text="`closed` by the business hours; `away` if nobody of the team is there.",
    )
    opensAt = serializers.DateTimeField(allow_null=True)
    usualReplySeconds = serializers.IntegerField(
        allow_null=True, help_text="The median of the last twenty first replies."
    )


class WidgetConfig(config.Settings):
    # Only the asked language's texts are told.
    translations = None  # type: ignore[assignment] # how a field is taken back
    locale = serializers.CharField(help_text="The one of `languages` that the texts are in.")
    direction = serializers.ChoiceField(("ltr", "rtl"))
    name = serializers.CharField()
    code = serializers.CharField()
    assistantId = serializers.UUIDField(allow_null=True)
    assistantName = serializers.CharField()
    greeting = serializers.CharField()
    openings = serializers.DictField(child=serializers.CharField())
    voice = serializers.BooleanField()
    phone = serializers.BooleanField()
    fileUpload = serializers.BooleanField()
    attachments = FileRules()
    presencePing = serializers.BooleanField()
    seesTyping = serializers.BooleanField(help_text="Whether the team reads along.")
    availability = Expectation()
    identityRequired = serializers.BooleanField()


class ConfigAnswer(Success):
    config = WidgetConfig()


class SessionAnswer(ConfigAnswer):
    widgetToken = serializers.CharField()
    sessionId = serializers.CharField()
    sessionSecret = serializers.CharField()


class Outreach(serializers.Serializer):
    sessionId = serializers.CharField()
    sessionSecret = serializers.CharField()
    conversationId = serializers.UUIDField()


class PresenceAnswer(Success):
    conversation = Outreach(allow_null=True, help_text="One that the team began, until it is read.")


class OfflineAnswer(Success):
    conversationId = serializers.UUIDField()
    sessionSecret = serializers.CharField(
        required=False, help_text="With a session's first answer only."
    )


class Identified(serializers.Serializer):
    name = serializers.CharField()
    email = serializers.CharField(allow_null=True)


class IdentityAnswer(Success):
    sessionId = serializers.CharField()
    sessionSecret = serializers.CharField()
    conversationId = serializers.UUIDField(
        allow_null=True, help_text="The one that the next message goes to."
    )
    contact = Identified()
    widgetToken = serializers.CharField(
        required=False, help_text="For a page that showed no token."
    )


class ResumeAnswer(Success):
    sessionId = serializers.CharField()
    sessionSecret = serializers.CharField()
    conversationId = serializers.UUIDField()


class VoiceAnswer(Success):
    conversationId = serializers.UUIDField()
    assistantId = serializers.UUIDField()
    phoneNumber = serializers.CharField(allow_null=True)
    sessionSecret = serializers.CharField(required=False)


class Rating(serializers.Serializer):
    score = serializers.IntegerField(help_text="From 1 to 5.")
    comment = serializers.CharField()


class OwnAssignee(serializers.Serializer):
    name = serializers.CharField()


class OwnPlace(serializers.Serializer):
    position = serializers.IntegerField(help_text="1 is next; it never rises.")


class OwnConversation(serializers.Serializer):
    id = serializers.UUIDField()
    status = serializers.ChoiceField(Status.choices)
    owner = serializers.ChoiceField(Owner.choices)
    teamReadSeq = serializers.IntegerField(help_text="Up to here the team has read.")
    rating = Rating(allow_null=True)
    assignee = OwnAssignee(allow_null=True)
    queue = OwnPlace(allow_null=True)
    createdAt = serializers.DateTimeField()
    updatedAt = serializers.DateTimeField()


class ConversationAnswer(Success):
    conversation = OwnConversation()


class Line(serializers.Serializer):
    """What became of the conversation, which the text `<code>Line` says to the visitor."""

    code = serializers.ChoiceField(tuple(LINES))
    name = serializers.CharField(help_text="Of whom it tells; often empty.")


class LastMessage(serializers.Serializer):
    seq = serializers.IntegerField()
    author = serializers.ChoiceField(AuthorKind.choices)
    authorId = serializers.UUIDField(required=False, help_text="Of the member, if one wrote it.")
    text = serializers.CharField()
    createdAt = serializers.DateTimeField()
    line = Line(required=False)


class OwnConversationSummary(OwnConversation):
    assistantId = serializers.UUIDField(allow_null=True)
    lastMessage = LastMessage(allow_null=True)
    readSeq = serializers.IntegerField()
    hasEmail = serializers.BooleanField(help_text="Whether a reply can be mailed.")


class OwnAttachment(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    contentType = serializers.CharField()
    size = serializers.IntegerField()
    thumbnail = serializers.BooleanField(help_text="Whether `?thumbnail=1` gets a small image.")


class AttachmentAnswer(Success, OwnAttachment):
    pass


class OwnMessageAuthor(serializers.Serializer):
    kind = serializers.ChoiceField(AuthorKind.choices)
    id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()


class OwnMessage(serializers.Serializer):
    id = serializers.UUIDField()
    conversationId = serializers.UUIDField()
    seq = serializers.IntegerField()
    author = OwnMessageAuthor()
    text = serializers.CharField()
    attachments = OwnAttachment(many=True)
    status = serializers.CharField()
    sources = Source(many=True)
    choices = serializers.ListField(child=serializers.CharField())
    line = Line(allow_null=True)
    createdAt = serializers.DateTimeField()


class Page(serializers.Serializer):
    nextCursor = serializers.CharField(allow_null=True)
    hasMore = serializers.BooleanField()


class OwnConversationPage(Page):
    results = OwnConversationSummary(many=True)


class OwnMessagePage(Page):
    results = OwnMessage(many=True)


class OwnEvent(serializers.Serializer):
    type = serializers.CharField()
    data = serializers.DictField()  # type: ignore[assignment] # a field's name
    id = serializers.IntegerField(required=False)
    ts = serializers.DateTimeField(required=False)


class OwnEvents(serializers.Serializer):
    results = OwnEvent(many=True)
    lastEventId = serializers.IntegerField()
    hasMore = serializers.BooleanField()


class ConfigQuery(serializers.Serializer):
    locale = serializers.CharField(
        required=False, help_text="The visitor's language, such as `de-AT`."
    )


class PageQuery(serializers.Serializer):
    cursor = serializers.CharField(required=False)


class LocaleQuery(serializers.Serializer):
    locale = serializers.CharField(required=False, help_text="Of the headings, such as `de-AT`.")


class FileQuery(serializers.Serializer):
    thumbnail = serializers.BooleanField(
        required=False, help_text="A WebP of at most 320 by 320 pixels instead."
    )


class EventsQuery(serializers.Serializer):
    after = serializers.IntegerField(required=False, min_value=0, default=0)


class FileForm(serializers.Serializer):
    file = serializers.FileField()
