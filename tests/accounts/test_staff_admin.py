"""What an administrator can not do with accounts."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from apps.accounts.models import Staff


@pytest.fixture
def administrator(staff):
    return staff("administrator")


def test_superusers_are_out_of_reach(administrator, desk, staff):
    boss = staff()
    Staff.objects.filter(pk=boss.pk).update(is_superuser=True)

    for name in ("accounts_staff_change", "auth_user_password_change"):
        url = reverse(f"admin:{name}", args=[boss.pk])
        assert desk(administrator).get(url).status_code in (302, 404)
    assert (
        str(boss) not in desk(administrator).get(reverse("admin:accounts_staff_changelist")).content.decode()
    )


def test_nobody_changes_the_own_rights(administrator, desk):
    url = reverse("admin:accounts_staff_change", args=[administrator.pk])
    auditor = Group.objects.get(name="auditor")

    desk(administrator).post(
        url,
        {"username": administrator.username, "display_name": "新名字", "groups": [auditor.pk], "is_active": "on",
         "memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0},
    )  # fmt: skip

    assert set(administrator.groups.values_list("name", flat=True)) == {"administrator"}


def test_administrator_and_auditor_are_two_people(administrator, desk, staff):
    other = staff("editor")
    groups = Group.objects.filter(name__in=["administrator", "auditor"])

    answer = desk(administrator).post(
        reverse("admin:accounts_staff_change", args=[other.pk]),
        {"username": other.username, "display_name": "某人", "is_active": "on", "is_staff": "on",
         "groups": [g.pk for g in groups], "memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0},
    )  # fmt: skip

    assert answer.status_code == 200
    assert set(other.groups.values_list("name", flat=True)) == {"editor"}


def test_staff_are_not_deleted(administrator, desk, staff):
    other = staff("editor")

    assert (
        desk(administrator)
        .post(reverse("admin:accounts_staff_delete", args=[other.pk]), {"post": "yes"})
        .status_code
        == 403
    )
    assert Staff.objects.filter(pk=other.pk).exists()
