"""Import and export at the desk."""

from apps.sheets.admin import batches, exports

__all__ = ["batches", "exports"]
