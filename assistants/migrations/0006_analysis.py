import django.db.models.deletion
import django.db.models.manager
import tenants.ids
from django.db import migrations, models

from tenants.wall import wall


class Migration(migrations.Migration):
    dependencies = [
        ("assistants", "0005_usage_costs"),
        ("tenants", "0003_credential_replaces"),
    ]

    operations = [
        migrations.CreateModel(
            name="Analysis",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("text", models.TextField()),
                (
                    "language",
                    models.CharField(
                        blank=True, help_text="As the caller named it.", max_length=35
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("queued", "Queued"), ("running", "Running"), ("done", "Done")],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("attempt", models.PositiveSmallIntegerField(default=0)),
                ("lease_until", models.DateTimeField(null=True)),
                ("result", models.JSONField(null=True)),
                ("created_at", models.DateTimeField()),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="assistants.assistantversion",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "analyses",
                "abstract": False,
                "base_manager_name": "unscoped",
                "indexes": [models.Index(fields=["created_at"], name="analysis_created")],
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        wall("assistants_analysis", version_id="assistants_assistantversion"),
    ]
