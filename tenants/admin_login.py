"""How operators log in: as often as anybody, which is not very often, and in two steps if asked."""

from unfold.forms import AuthenticationForm

from tenants.account_forms import CodeStep


class LogInForm(CodeStep, AuthenticationForm):
    """For the admin."""
