"""Personal data at rest."""

import pytest
from django.core import serializers
from django.db import connection

from apps.accounts.models import Resident
from apps.common import crypto
from tests.factories.people import resident_make, resident_row


def test_a_value_comes_back_and_never_stands_in_the_clear():
    stored = crypto.encrypt("19900001234", context="a.b")

    assert crypto.decrypt(stored, context="a.b") == "19900001234"
    assert b"19900001234" not in stored
    assert crypto.encrypt("19900001234", context="a.b") != stored


def test_a_value_moved_to_another_column_does_not_decrypt():
    stored = crypto.encrypt("text", context="a.b")

    with pytest.raises(crypto.DecryptionFailed):
        crypto.decrypt(stored, context="a.c")


def test_a_changed_byte_does_not_decrypt():
    stored = bytearray(crypto.encrypt("text", context="a.b"))
    stored[-1] ^= 1

    with pytest.raises(crypto.DecryptionFailed):
        crypto.decrypt(bytes(stored), context="a.b")


def test_old_keys_still_open_what_they_closed(settings):
    settings.FIELD_KEYS = {"old": bytes(range(32))}
    stored = crypto.encrypt("text", context="a.b")
    settings.FIELD_KEYS = {"new": bytes(range(1, 33)), "old": bytes(range(32))}

    assert crypto.decrypt(stored, context="a.b") == "text"
    assert crypto.encrypt("text", context="a.b").startswith(b"new:")


def test_an_unknown_key_is_refused_without_the_value_in_the_words(settings):
    stored = crypto.encrypt("19900001234", context="a.b")
    settings.FIELD_KEYS = {"other": bytes(32)}

    with pytest.raises(crypto.DecryptionFailed, match="unknown key"):
        crypto.decrypt(stored, context="a.b")


def test_the_database_holds_neither_openid_nor_phone(db):
    client = resident_make(openid="openid-in-the-clear", phone="19900001234")

    with connection.cursor() as cursor:
        cursor.execute("SELECT r::text FROM accounts_resident r WHERE id = %s", [client.resident_id])
        row = cursor.fetchone()[0]

    assert "openid-in-the-clear" not in row
    assert "19900001234" not in row
    assert resident_row(client).phone == "19900001234"


def test_the_same_value_has_another_hash_for_another_purpose():
    assert crypto.lookup_hash("1", purpose="phone") != crypto.lookup_hash("1", purpose="openid")
    assert len(crypto.lookup_hash("1", purpose="phone")) == 64


def test_a_dump_refuses_to_hold_personal_data(db):
    resident_make()

    with pytest.raises(crypto.DecryptionFailed):
        serializers.serialize("json", Resident.objects.all())
