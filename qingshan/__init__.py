"""The project package: settings, doors and the programs that start them."""

from qingshan.celery import app as celery_app

__all__ = ["celery_app"]
