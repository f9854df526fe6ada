from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "apps.notifications"
    label = "notifications"
    verbose_name = _("Notifications")

    def ready(self) -> None:
        """Say what is done with WeChat's events and the SMS provider's reports."""
        from apps.notifications.services import push_events
        from apps.wechat.handlers import push_handler_register

        push_handler_register(push_events.POPUP, push_events.dialog_answered)
        push_handler_register(push_events.CHANGE, push_events.settings_changed)
        push_handler_register(push_events.SENT, push_events.messages_sent)
        push_handler_register(push_events.SMS_RECEIPT, push_events.texts_reported)
