"""Puts our site in the place of Django's, before anything registers its pages there."""

from django.contrib.admin.apps import AdminConfig


class LiveChatAdminConfig(AdminConfig):
    default_site = "livechat.admin_site.LiveChatSite"
