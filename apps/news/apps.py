from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NewsConfig(AppConfig):
    name = "apps.news"
    label = "news"
    verbose_name = _("News")

    def ready(self) -> None:
        """Register the notice kind, the topics and the table of columns."""
        from apps.news import notices, sheets  # noqa: F401
