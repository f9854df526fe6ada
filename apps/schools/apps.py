from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SchoolsConfig(AppConfig):
    name = "apps.schools"
    label = "schools"
    verbose_name = _("School places")

    def ready(self) -> None:
        """Make the notices known and tell the kernel who waits for places."""
        from apps.capacity.services import queue_register
        from apps.schools import notices, round_notices, sheets
        from apps.schools.services import QUEUE

        queue_register(QUEUE)
        del notices, round_notices, sheets
