from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("assistants", "0010_defaults"),
    ]

    operations = [
        migrations.AlterField(
            model_name="provider",
            name="base_url",
            field=models.URLField(
                blank=True,
                help_text="Empty means the vendor's own address. Of a compatible server it is the one that ends in /v1, such as http://localhost:11434/v1 for Ollama.",
                max_length=500,
                verbose_name="base URL",
            ),
        ),
        migrations.AlterField(
            model_name="tool",
            name="url",
            field=models.URLField(
                blank=True,
                help_text="Of tools called by HTTP.",
                max_length=1000,
                verbose_name="URL",
            ),
        ),
    ]
