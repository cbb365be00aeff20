"""How people enter the admin: as often as anybody, not very often, and in two steps if asked."""

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from unfold.forms import AuthenticationForm

from tenants.account_forms import CodeStep
from tenants.workplace import may_enter


class LogInForm(CodeStep, AuthenticationForm):
    """For the admin: for operators, and for those who run a tenant."""

    def confirm_login_allowed(self, user: AbstractBaseUser) -> None:
        """Raises ValidationError for whoever is neither."""
        if not may_enter(user):  # type: ignore[arg-type] # the project's own kind
            raise ValidationError(
                "Only operators, and owners and admins of a customer, may enter here."
                " Everybody has pages of their own at /account/, where two-factor log-in is set up"
                " as well, which some customers want.",
                code="no_access",
            )
