from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0011_language"),
    ]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="preferences",
            field=models.JSONField(
                db_default=models.Value({}, models.JSONField()),
                default=dict,
                editable=False,
                help_text="What was chosen; everything else is as usual.",
            ),
        ),
        migrations.AddField(
            model_name="tenant",
            name="sees_typing",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Members see what visitors are writing before it is sent. Tell your visitors.",
                verbose_name="the team reads along",
            ),
        ),
    ]
