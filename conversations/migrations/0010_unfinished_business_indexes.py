from django.db import migrations, models

from tenants.postgresql.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("conversations", "0009_unfinished_business")]

    operations = [
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("erasing_since__isnull", False)),
                fields=["erasing_since"],
                name="conversation_erasing",
            ),
        ),
        AddIndexConcurrently(
            model_name="visitorsession",
            index=models.Index(
                condition=models.Q(("is_new", True)),
                fields=["last_seen_at"],
                name="visitor_session_new",
            ),
        ),
    ]
