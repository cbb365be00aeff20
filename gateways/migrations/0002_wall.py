from django.db import migrations

from tenants.wall import wall


class Migration(migrations.Migration):
    dependencies = [
        ("gateways", "0001_initial"),
        ("assistants", "0002_wall"),
        ("tenants", "0002_wall"),
    ]

    operations = [wall("gateways_webintegration", assistant_id="assistants_assistant")]
