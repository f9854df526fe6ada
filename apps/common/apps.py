from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CommonConfig(AppConfig):
    name = "apps.common"
    label = "common"
    verbose_name = _("Reference data")

    def ready(self) -> None:
        """Register the tables that staff keep in spreadsheets."""
        from apps.common import reference_sheets  # noqa: F401
