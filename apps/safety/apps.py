from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SafetyConfig(AppConfig):
    name = "apps.safety"
    label = "safety"
    verbose_name = _("Content safety")

    def ready(self) -> None:
        """Register what happens on a push about a picture, and where word lists are loaded."""
        from apps.safety import pushes, sheets  # noqa: F401
