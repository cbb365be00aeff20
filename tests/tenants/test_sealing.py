import pytest

from tenants.keys import keys_for
from tenants.sealing import Unreadable, seal, unseal


def test_what_is_sealed_can_be_read_again_and_not_by_looking():
    sealed = seal("wt_secret ✓")

    assert unseal(sealed) == "wt_secret ✓"
    assert "secret" not in sealed
    assert seal("wt_secret ✓") != sealed


def test_an_earlier_secret_key_still_reads_and_no_longer_writes(settings):
    sealed, old = seal("text"), settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new one", [old]

    assert unseal(sealed) == "text"

    fresh = seal("text")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = old, []
    with pytest.raises(Unreadable):
        unseal(fresh)


@pytest.mark.parametrize("damaged", ["", "x", "gAAAAA", "ünreadable"])
def test_anything_else_is_unreadable(damaged):
    with pytest.raises(Unreadable):
        unseal(damaged)


def test_every_purpose_has_a_key_of_its_own():
    assert keys_for("one") != keys_for("another")
