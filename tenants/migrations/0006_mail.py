import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
import django.utils.timezone
import tenants.ids
from django.db import migrations, models

from tenants.wall import open_table, wall


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0005_defaults"),
    ]

    operations = [
        migrations.AddField(
            model_name="tenant",
            name="brand_color",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Of buttons in its mails, as in #3056d3.",
                max_length=7,
                validators=[
                    django.core.validators.RegexValidator(
                        "^#[0-9a-fA-F]{6}$", "Spell it as in #3056d3."
                    )
                ],
            ),
        ),
        migrations.CreateModel(
            name="AccountMail",
            fields=[
                (
                    "key",
                    models.CharField(
                        help_text="A second mail with the same is none.", max_length=200
                    ),
                ),
                ("template", models.CharField(max_length=60)),
                ("to", models.EmailField(max_length=254)),
                ("reply_to", models.EmailField(blank=True, max_length=254)),
                (
                    "sender",
                    models.CharField(
                        blank=True, help_text="The name beside MAIL_FROM.", max_length=200
                    ),
                ),
                ("subject", models.CharField(max_length=200)),
                ("text", models.TextField(blank=True)),
                ("html", models.TextField(blank=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("sent", "Sent"), ("failed", "Failed")],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("problem", models.CharField(blank=True, max_length=300)),
                (
                    "due_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["due_at"],
                        name="account_mail_due",
                    ),
                    models.Index(fields=["created_at"], name="account_mail_age"),
                ],
                "constraints": [models.UniqueConstraint(fields=("key",), name="account_mail_once")],
            },
        ),
        migrations.CreateModel(
            name="Mail",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        help_text="A second mail with the same is none.", max_length=200
                    ),
                ),
                ("template", models.CharField(max_length=60)),
                ("to", models.EmailField(max_length=254)),
                ("reply_to", models.EmailField(blank=True, max_length=254)),
                (
                    "sender",
                    models.CharField(
                        blank=True, help_text="The name beside MAIL_FROM.", max_length=200
                    ),
                ),
                ("subject", models.CharField(max_length=200)),
                ("text", models.TextField(blank=True)),
                ("html", models.TextField(blank=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("sent", "Sent"), ("failed", "Failed")],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("problem", models.CharField(blank=True, max_length=300)),
                (
                    "due_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "mails",
                "abstract": False,
                "base_manager_name": "unscoped",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["due_at"], name="mail_due"
                    ),
                    models.Index(fields=["created_at"], name="mail_age"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "key"), name="mail_once")
                ],
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        wall("tenants_mail"),
        open_table("tenants_accountmail"),
    ]
