import tenants.ids
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0012_people"),
    ]

    operations = [
        migrations.AlterField(
            model_name="auditentry",
            name="ip",
            field=models.GenericIPAddressField(blank=True, null=True, verbose_name="IP address"),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="request_id",
            field=models.CharField(blank=True, max_length=64, verbose_name="request ID"),
        ),
        migrations.AlterField(
            model_name="credential",
            name="id",
            field=models.UUIDField(
                default=tenants.ids.uuid7,
                editable=False,
                primary_key=True,
                serialize=False,
                verbose_name="ID",
            ),
        ),
        migrations.AlterField(
            model_name="credential",
            name="subject_id",
            field=models.UUIDField(
                blank=True,
                help_text="The bubble, assistant or web integration it speaks for.",
                null=True,
                verbose_name="subject ID",
            ),
        ),
        migrations.AlterField(
            model_name="tenant",
            name="id",
            field=models.UUIDField(
                default=tenants.ids.uuid7,
                editable=False,
                primary_key=True,
                serialize=False,
                verbose_name="ID",
            ),
        ),
        migrations.AlterField(
            model_name="tenant",
            name="logo_url",
            field=models.URLField(blank=True, verbose_name="logo URL"),
        ),
    ]
