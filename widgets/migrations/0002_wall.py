from django.db import migrations

from tenants.wall import open_table, pin, wall


class Migration(migrations.Migration):
    dependencies = [
        ("widgets", "0001_initial"),
        ("assistants", "0002_wall"),
        ("tenants", "0002_wall"),
    ]

    operations = [
        wall("widgets_bubble", assistant_id="assistants_assistant"),
        wall("widgets_trackevent", bubble_id="widgets_bubble"),
        open_table("widgets_bubblecode"),
        pin("widgets_bubblecode", bubble_id="widgets_bubble"),
    ]
