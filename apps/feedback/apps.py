from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FeedbackConfig(AppConfig):
    name = "apps.feedback"
    label = "feedback"
    verbose_name = _("Resident feedback")

    def ready(self) -> None:
        """Register the notice kinds, and how content safety reads what residents write, the table of categories."""
        from apps.feedback import contents, notices, sheets  # noqa: F401
