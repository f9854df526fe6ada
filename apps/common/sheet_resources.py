"""Resources of django-import-export for reference tables: many rows are looked up by one statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.fields import NOT_PROVIDED
from import_export import fields, instance_loaders, resources

from apps.common.sheet_cells import CellRefused, ReferenceCell, TextCell, cell_of
from apps.common.sheets import Image

FIELDS_NOTE = "__all__"  # an error that belongs to no column


class KeyedLoader(instance_loaders.BaseInstanceLoader):
    """Finds rows by natural key among those that ``load`` fetched together."""

    def __init__(self, resource: SheetResource, dataset: Any = None) -> None:
        super().__init__(resource, dataset)
        self.found: dict[str, Any] = {}

    def load(self, *, keys: Iterable[str], lock: bool = False) -> dict[str, Any]:
        """Return the rows of ``keys`` by key, locked when asked.  1 query, 0 for no keys.

        They are locked in the order of their keys, so that two writers can not wait for each other.
        """
        wanted = sorted(set(keys))
        name = self.resource.key_name()
        rows = self.resource.get_queryset().filter(**{f"{name}__in": wanted}).order_by(name)
        if lock:
            rows = rows.select_for_update(of=("self",))
        self.found = {self.resource.key_of(row): row for row in rows} if wanted else {}
        return self.found

    def get_instance(self, row: Mapping[str, Any]) -> Any:
        """Return the row that a line of a file is about, or None."""
        key = self.resource.fields[self.resource.key_name()].clean(row)
        return self.found.get(str(key))


class SheetResource(resources.ModelResource):
    """Columns are the model's fields that ``Meta.fields`` names, in that order; ``Meta.import_id_fields`` the natural key.

    ``references``  natural keys of what a column refers to, where that is not the target's primary key
    """

    references: ClassVar[Mapping[str, str]] = {}

    class Meta:
        instance_loader_class = KeyedLoader

    @classmethod
    def field_from_django_field(cls, field_name: str, django_field: Any, readonly: bool) -> fields.Field:
        """Return the column of a model's field."""
        key, attribute = cls.references.get(field_name), field_name
        if isinstance(django_field, models.ForeignKey):
            attribute = f"{field_name}__{key}" if key else f"{field_name}_id"
        return fields.Field(
            attribute=attribute, column_name=field_name, widget=cell_of(django_field, key=key), default=NOT_PROVIDED,
            readonly=readonly,
        )  # fmt: skip

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Return the columns' codes in order."""
        return tuple(cls._meta.fields)

    @classmethod
    def labels(cls) -> dict[str, str]:
        """Return the columns' names in the active language, by code."""
        return {name: str(cls._meta.model._meta.get_field(name).verbose_name) for name in cls.columns()}

    @classmethod
    def key_name(cls) -> str:
        """Return the column that a row is known by."""
        return str(cls._meta.import_id_fields[0])

    @classmethod
    def cell(cls, column: str) -> TextCell:
        """Return the cell of a column."""
        widget: TextCell = cls.fields[column].widget
        return widget

    @classmethod
    def reference_columns(cls) -> dict[str, ReferenceCell]:
        """Return the columns that name other rows."""
        cells = {name: cls.fields[name].widget for name in cls.columns()}
        return {name: cell for name, cell in cells.items() if isinstance(cell, ReferenceCell)}

    @classmethod
    def required(cls) -> tuple[str, ...]:
        """Return the columns that a new row can not do without."""
        by_name = {name: cls._meta.model._meta.get_field(name) for name in cls.columns()}
        return tuple(
            name for name, field in by_name.items() if not field.blank and field.default is NOT_PROVIDED
        )

    @classmethod
    def key_of(cls, row: Any) -> str:
        """Return the natural key of a row, as text."""
        name = cls.key_name()
        return str(cls.cell(name).kept(getattr(row, name)))

    def get_queryset(self) -> models.QuerySet[Any]:
        """Return the rows with what their references are called."""
        rows: models.QuerySet[Any] = self._meta.model._default_manager.all()
        return rows.select_related(*self.references) if self.references else rows

    @classmethod
    def image_of(cls, row: Any) -> dict[str, Any]:
        """Return the kept values of a row.  No query where ``get_queryset`` fetched it."""
        return {name: cls.cell(name).kept(cls.fields[name].get_value(row)) for name in cls.columns()}

    @classmethod
    def line_read(cls, line: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """Return the kept values of a line's cells, and what is wrong with the others as ``(column, text)``.  No query."""
        given: dict[str, Any] = {}
        wrong: list[tuple[str, str]] = []
        for name in line:
            try:
                given[name] = cls.fields[name].clean(line)
            except CellRefused as refused:
                wrong.append((name, str(refused)))
        return given, wrong

    @classmethod
    def put(cls, row: Any, image: Image, ids: Mapping[str, Mapping[str, Any]]) -> Any:
        """Set the fields of ``row`` to ``image`` and return it.

        ``ids``  primary keys of referred rows by column and natural key
        """
        for name, kept in image.items():
            cell = cls.cell(name)
            if isinstance(cell, ReferenceCell):
                setattr(row, f"{name}_id", None if kept is None else ids[name].get(kept))
            else:
                setattr(row, name, cell.restore(kept))
        return row

    @classmethod
    def fields_check(cls, row: Any) -> list[tuple[str, str]]:
        """Return what the model's own rules say against a row, as ``(column, text)``.  No query.

        References are looked up for many rows at once, and constraints would ask the database for each row: the kind's
        own ``check`` states them, and the database has the last word.
        """
        apart = {*cls.reference_columns(), *_not_columns(cls)}
        try:
            row.clean_fields(exclude=apart)
            row.clean()
        except ValidationError as error:
            if hasattr(error, "error_dict"):
                return [(name, text) for name, texts in error.message_dict.items() for text in texts]
            return [(FIELDS_NOTE, text) for text in error.messages]
        return []

    @classmethod
    def references_find(cls, column: str, keys: Iterable[str]) -> dict[str, Any]:
        """Return the primary keys of the rows that ``keys`` name in ``column``, by key.  1 query, 0 for no keys."""
        cell, wanted = cls.reference_columns()[column], sorted(set(keys))
        if not wanted:
            return {}
        found = cell.target._default_manager.filter(**{f"{cell.key}__in": wanted})
        return {str(key): pk for key, pk in found.values_list(cell.key, "pk")}


def _not_columns(resource: type[SheetResource]) -> set[str]:
    return {field.name for field in resource._meta.model._meta.fields} - set(resource.columns())
