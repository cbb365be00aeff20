from django.apps import AppConfig


class WidgetsConfig(AppConfig):
    name = "widgets"

    def ready(self) -> None:
        from conversations import worker
        from widgets import tasks

        worker.do_regularly(tasks.keep_queues)
