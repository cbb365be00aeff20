from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("assistants", "0010_defaults"),
        ("conversations", "0021_search_indexes"),
        ("tenants", "0012_people"),
    ]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="told_seq",
            field=models.PositiveIntegerField(
                db_default=0,
                default=0,
                help_text="Up to here its member was told of the visitor's words.",
            ),
        ),
    ]
