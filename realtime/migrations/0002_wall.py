from django.db import migrations

from tenants.wall import open_table, wall


class Migration(migrations.Migration):
    dependencies = [("realtime", "0001_initial"), ("tenants", "0002_wall")]

    operations = [open_table("realtime_head"), wall("realtime_event")]
