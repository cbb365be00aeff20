from django.core.management import call_command


def test_checks_find_nothing():
    call_command("check", fail_level="WARNING")


def test_the_schema_is_made_without_a_warning(tmp_path):
    call_command("spectacular", file=str(tmp_path / "schema.yml"), validate=True, fail_on_warn=True)
