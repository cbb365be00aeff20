"""How operators log in: as often as anybody, which is not very often."""

from typing import Any

from django.core.exceptions import ValidationError
from unfold.forms import AuthenticationForm

from tenants.errors import TooManyRequests
from tenants.limits import LOG_IN, hit
from tenants.network import request_ip


class LogInForm(AuthenticationForm):
    """Counts attempts per account and address, together with those of the dashboard."""

    def clean(self) -> dict[str, Any]:
        email = str(self.cleaned_data.get("username", "")).strip().lower()
        assert self.request is not None
        try:
            hit(LOG_IN, "people", email, request_ip(self.request))
        except TooManyRequests as refusal:
            raise ValidationError(
                f"Too many attempts. Try again in {refusal.retry_after} seconds.",
                code="rate_limited",
            ) from None
        return super().clean()
