"""The WSGI door (granian serves it)."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qingshan.settings")

application = get_wsgi_application()

# What is loaded once lives as long as the process.  Unfrozen, each full collection walks through it: 50 to 100 ms that
# some request waits for.
gc.collect()
gc.freeze()
