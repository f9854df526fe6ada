from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    label = "accounts"
    verbose_name = _("People and units")

    def ready(self) -> None:
        """Register the table of units."""
        from apps.accounts import sheets  # noqa: F401
