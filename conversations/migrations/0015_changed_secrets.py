from django.db import migrations, models

from tenants.postgresql.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("conversations", "0014_verified_sessions")]

    operations = [
        AddIndexConcurrently(
            model_name="visitorsession",
            index=models.Index(
                condition=models.Q(("secret_changed_at__isnull", False)),
                fields=["secret_changed_at"],
                name="visitor_session_changed",
            ),
        ),
    ]
