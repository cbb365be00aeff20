import uuid

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from tenants.models import Membership
from tenants.onboarding import add_member


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "elevenchars",
        "passwordpassword",
        "123456789012",
        "kim.winter@x.example",
        "qwertyuiop123",
    ],
)
def test_a_password_that_others_would_guess_is_refused(acme, password):
    with pytest.raises(ValidationError), transaction.atomic():
        add_member(acme, email="kim.winter@x.example", name="Kim", password=password)

    assert not Membership.objects.filter(tenant=acme).exists()


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
