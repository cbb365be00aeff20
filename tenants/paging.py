"""How lists are asked for, and the shape of a page, for the API's description."""

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers


class PageQuery(serializers.Serializer):
    cursor = serializers.CharField(required=False, max_length=200)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=100, default=50)


def page(item: type[serializers.Serializer]) -> serializers.Serializer:
    """The shape of a page of ``item``."""
    return inline_serializer(
        f"{item.__name__}Page",
        {
            "results": item(many=True),
            "nextCursor": serializers.CharField(allow_null=True),
            "hasMore": serializers.BooleanField(),
        },
    )
