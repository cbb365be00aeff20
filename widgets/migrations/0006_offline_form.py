from typing import Any

from django.db import migrations


def keep_as_it_is(apps: Any, schema_editor: Any) -> None:
    """From now on the offline form is on where nobody has said otherwise."""
    owner = schema_editor.connection.alias
    bubbles = apps.get_model("widgets", "Bubble").unscoped.using(owner)
    unsaid = bubbles.filter(settings__offlineForm__enabled__isnull=True)
    for bubble in unsaid.only("settings").iterator():
        bubble.settings["offlineForm"] = {"enabled": False}
        bubble.save(using=owner, update_fields=["settings"])


class Migration(migrations.Migration):
    dependencies = [("widgets", "0005_sightings")]

    operations = [migrations.RunPython(keep_as_it_is, migrations.RunPython.noop)]
