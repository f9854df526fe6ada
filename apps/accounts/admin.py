"""People and units in the admin."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from apps.accounts import saved_filters as saved_filters
from apps.accounts.desk import staff_of
from apps.accounts.labels import ROLE_LABELS
from apps.accounts.models import AccessLog, Department, Membership, PolicyVersion, Resident, Staff
from apps.accounts.states import Role
from apps.common.admin import DeskAdmin, ReadOnlyAdmin, ReferenceAdmin

admin.site.unregister(Group)


class MembershipInline(TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ("department",)


def role_label(group: Group) -> str:
    """Return what a role is called; a group of another name keeps it."""
    known = {role.value: label for role, label in ROLE_LABELS.items()}
    return str(known.get(group.name, group.name))


def _is_own(request: HttpRequest, staff: Staff | None) -> bool:
    return staff is not None and staff.pk == request.user.pk


class RolesApart:
    """The one who keeps the accounts is not the one who audits them (MLPS-6)."""

    cleaned_data: dict[str, Any]

    def clean_groups(self) -> Any:
        """Return the roles.  Raises ValidationError."""
        groups = self.cleaned_data["groups"]
        if {Role.ADMINISTRATOR, Role.AUDITOR} <= {group.name for group in groups}:
            raise ValidationError(_("One person can not be administrator and auditor."), "roles_apart")
        return groups


class RoleFilter(admin.SimpleListFilter):
    """Staff by role."""

    title = _("role")
    parameter_name = "role"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        """Return the roles."""
        return [(role.value, label) for role, label in ROLE_LABELS.items()]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Staff]) -> QuerySet[Staff]:
        """Keep staff of the chosen role."""
        return queryset.filter(groups__name=self.value()) if self.value() else queryset


@admin.register(Staff)
class StaffAdmin(UserAdmin, ModelAdmin):  # type: ignore[type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "display_name", "is_active", "last_login")
    list_filter = ("is_active", RoleFilter)
    search_fields = ("username", "display_name")
    ordering = ("username",)
    inlines: ClassVar[Any] = [MembershipInline]
    list_per_page = 20
    show_full_result_count = False
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password", "display_name")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "groups")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "display_name", "password1", "password2")}),
    )
    readonly_fields = ("last_login", "date_joined")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Staff]:
        """Return staff; superusers are out of an administrator's reach, their passwords above all (MLPS-6)."""
        rows: QuerySet[Staff] = super().get_queryset(request)
        return rows if staff_of(request).is_superuser else rows.filter(is_superuser=False)

    def get_readonly_fields(self, request: HttpRequest, obj: Staff | None = None) -> Any:
        """Keep one's own rights out of one's own hands."""
        own = (*self.readonly_fields, "roles_shown", "is_active", "is_staff")
        return own if _is_own(request, obj) else self.readonly_fields

    def get_fieldsets(self, request: HttpRequest, obj: Staff | None = None) -> Any:
        """Show one's own roles by their names, without the form to change them."""
        fieldsets: Any = super().get_fieldsets(request, obj)
        if not _is_own(request, obj):
            return fieldsets
        rights = (_("Rights"), {"fields": ("is_active", "is_staff", "roles_shown")})
        return (fieldsets[0], rights, *fieldsets[2:])

    @admin.display(description=_("roles"))
    def roles_shown(self, staff: Staff) -> str:
        """Return the roles by their names."""
        return "、".join(str(ROLE_LABELS[role]) for role in sorted(staff.roles))

    def get_form(  # type: ignore[override]
        self, request: HttpRequest, obj: Any = None, **kwargs: Any
    ) -> Any:
        """Return the form with the rule on roles."""
        form: Any = super().get_form(request, obj, **kwargs)
        return type("RoleCheckedForm", (RolesApart, form), {})

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the roles by their names."""
        field: Any = super().formfield_for_manytomany(db_field, request, **kwargs)
        if db_field.name == "groups":
            field.label_from_instance = role_label
            field.label, field.help_text = _("roles"), ""
        return field

    def save_model(self, request: HttpRequest, obj: Staff, form: Any, change: bool) -> None:
        """Save; whoever is made here works in the admin."""
        if not change:
            obj.is_staff = True
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Refuse: what a person did stays under their name; leaving is ``is_active`` off."""
        return False


@admin.register(Department)
class DepartmentAdmin(ReferenceAdmin):
    list_display = ("code", "short", "name", "kind", "parent", "is_active")
    list_select_related = ("parent",)
    list_filter = ("kind", "is_active")
    search_fields = ("code", "name", "short")
    ordering = ("kind", "code")
    autocomplete_fields = ("parent", "street")


@admin.register(Resident)
class ResidentAdmin(ReadOnlyAdmin):
    list_display = ("shown_name", "phone_shown", "street", "elder_mode", "created_at", "cancelled_at")
    list_select_related = ("street",)
    ordering = ("-created_at",)
    fields = ("shown_name", "phone_shown", "street", "community", "elder_mode", "created_at", "cancelled_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Resident]:
        """Return what this person may list."""
        return Resident.objects.visible_to(request.user)

    @admin.display(description=_("phone"))
    def phone_shown(self, resident: Resident) -> str:
        """Return the masked phone."""
        return resident.phone_masked or "-"

    @admin.display(description=_("nickname"))
    def shown_name(self, resident: Resident) -> str:
        """Return the nickname."""
        return resident.shown_name


@admin.register(AccessLog)
class AccessLogAdmin(ReadOnlyAdmin):
    list_display = ("at", "staff", "department_name", "subject", "data", "reason")
    list_select_related = ("staff",)
    search_fields = ("subject",)
    ordering = ("-id",)
    fields = ("at", "staff", "department_name", "resident_id", "subject", "data", "reason")


@admin.register(PolicyVersion)
class PolicyVersionAdmin(DeskAdmin):
    list_display = ("version", "major", "valid_from", "text_url")
    ordering = ("-valid_from",)

    def get_fields(self, request: HttpRequest, obj: PolicyVersion | None = None) -> Any:
        """Show a published version's items as lines, a new one's as JSON to fill in."""
        return ("version", "major", "valid_from", "text_url", "items_shown" if obj else "items")

    def get_readonly_fields(self, _request: HttpRequest, obj: PolicyVersion | None = None) -> Any:
        """Return the fields that are shown only."""
        return ("items_shown",) if obj else ()

    @admin.display(description=_("items"))
    def items_shown(self, policy: PolicyVersion) -> str:
        """Return a line for each purpose."""
        lines = (
            (item.get("name") or item["purpose"], "、".join(item["fields"]), item["retention"])
            for item in policy.items
        )
        return format_html_join("", "<p>{}：{}（{}）</p>", lines)

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Refuse: residents agreed to it as it is; a change is a new version."""
        return False
