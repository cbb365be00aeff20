from typing import Any

from django.db import migrations, models


def allow_guests_of_demos(apps: Any, schema_editor: Any) -> None:
    tenants = apps.get_model("tenants", "Tenant").objects.using(schema_editor.connection.alias)
    tenants.filter(is_demo=True).update(guests_allowed=True)


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0003_credential_replaces"),
    ]

    operations = [
        migrations.AddField(
            model_name="tenant",
            name="guests_allowed",
            field=models.BooleanField(
                default=False, help_text="Lets anybody chat on /ws who names no key but a user id."
            ),
        ),
        migrations.RunPython(allow_guests_of_demos, migrations.RunPython.noop),
    ]
