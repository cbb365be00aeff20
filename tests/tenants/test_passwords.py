import uuid

import pytest
from django.core.exceptions import ValidationError

from tenants.models import Membership, User
from tenants.onboarding import add_member


@pytest.mark.parametrize(
    "password", ["short", "elevenchars", "qwerty123456", "Password1234", "123456789123", None]
)
def test_a_password_that_others_would_guess_is_refused(acme, password):
    email = f"{uuid.uuid4().hex}@x.example"

    with pytest.raises(ValidationError):
        add_member(acme, email=email, name="Kim", password=password or email)

    assert not Membership.objects.filter(tenant=acme).exists()
    assert not User.objects.filter(email=email).exists()


@pytest.mark.parametrize("password", ["a plain long sentence", "x7 q", "ünïcödé wörds ärë gööd"])
def test_length_is_what_counts_and_no_mixture_is_asked_for(acme, globex, password):
    email = f"{uuid.uuid4().hex}@x.example"
    if len(password) < 12:
        password *= 4

    joined = add_member(acme, email=email, password=password)

    assert joined.membership.user.check_password(password)
    # Somebody with an account keeps the password, whatever another tenant thinks up.
    again = add_member(globex, email=email, password="another long sentence")
    assert again.membership.user.check_password(password)
