"""What proves a person besides the password."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from tenants.models.people import User


class SecondFactor(models.Model):
    """An authenticator app; it counts once its owner has proved that it works."""

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="second_factor"
    )
    sealed = models.TextField(editable=False)
    # Of the last code that was used, in steps of 30 seconds: none works twice.
    last_step = models.BigIntegerField(default=0)
    recovery = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    confirmed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.user}'s second factor"
