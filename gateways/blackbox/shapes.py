"""What the endpoints of web integrations answer, for the API's description."""

from rest_framework import serializers


class WebIntegration(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    assistantId = serializers.UUIDField(
        allow_null=True, help_text="Null means the default assistant."
    )
    allowWebChat = serializers.BooleanField()
    allowWebCall = serializers.BooleanField()
    origins = serializers.ListField(
        child=serializers.CharField(), help_text="Pages that may use it; none means all pages."
    )
    browserTools = serializers.ListField(
        child=serializers.CharField(), help_text="Names of the tools that its pages run."
    )
    createdAt = serializers.DateTimeField()
    updatedAt = serializers.DateTimeField()


class WebIntegrationToken(serializers.Serializer):
    """A token without its text."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    createdAt = serializers.DateTimeField()
    expiresAt = serializers.DateTimeField(allow_null=True)
    lastUsedAt = serializers.DateTimeField(allow_null=True)


class NewWebIntegrationToken(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    token = serializers.CharField(help_text="For `/api/v1/ws/webCall?token=`.")
