from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ClinicsConfig(AppConfig):
    name = "apps.clinics"
    label = "clinics"
    verbose_name = _("Clinics")

    def ready(self) -> None:
        """Register the notice kinds and the waiting lists."""
        from apps.capacity.services import queue_register
        from apps.clinics import notices, referral_notices  # noqa: F401
        from apps.clinics.services import QUEUE

        queue_register(QUEUE)
