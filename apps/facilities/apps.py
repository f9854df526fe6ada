from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FacilitiesConfig(AppConfig):
    name = "apps.facilities"
    label = "facilities"
    verbose_name = _("Facilities")

    def ready(self) -> None:
        """Register the notice kinds, what can be followed, and how content safety reads reports, the tables."""
        from apps.facilities import contents, notices, sheets  # noqa: F401
