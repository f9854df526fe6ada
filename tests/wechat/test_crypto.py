"""The vectors of the protocol, and what is refused."""

from __future__ import annotations

import base64

import pytest

from apps.wechat.crypto import (
    CryptoRefused,
    open_data,
    push_decrypt,
    push_encrypt,
    push_signature,
    push_signature_ok,
    raw_signature,
    session_signature,
)

SESSION_KEY = "tiihtNczf5v6AKRyjwEUhQ=="
IV = "r7BXXKkLb8qrSNn05n0qiA=="
DATA_APPID = "wx4f4bc4dec97d474b"
DATA = (
    "CiyLU1Aw2KjvrjMdj8YKliAjtP4gsMZMQmRzooG2xrDcvSnxIMXFufNstNGTyaGS9uT5geRa0W4oTOb1WT7fJlAC+oNPdbB+3hVbJSRgv+4lGOETK"
    "UQz6OYStslQ142dNCuabNPGBzlooOmB231qMM85d2/fV6ChevvXvQP8Hkue1poOFtnEtpyxVLW1zAo6/1Xx1COxFvrc2d7UL/lmHInNlxuacJXwu0"
    "fjpXfz/YqYzBIBzD6WUfTIF9GRHpOn/Hz7saL8xz+W//FRAUid1OksQaQx4CMs8LOddcQhULW4ucetDf96JcR3g0gfRK4PC7E/r7Z6xNrXd2UIeor"
    "Gj5Ef7b1pJAYB6Y5anaHqZ9J6nKEBvB4DnNLIVWSgARns/8wR2SiRS7MNACwTyrGvt9ts8p12PKFdlqYTopNHR1Vf7XjfhQlVsAJdNiKdYmYVoKla"
    "Rv85IfVunYzO0IKXsyl7JCUjCpoG20f0a04COwfneQAGGwd5oa+T8yO5hzuyDb/XcxxmK01EpqOyuxINew=="
)
AES_KEY = "A" * 43
PUSH_APPID = "wxba5fad812f8e6fb9"
MESSAGE = '{"Event":"debug_demo"}'
ENCRYPTED = "uMMzGtqcnpOzXOYBwDQNrWPWAC0TfUPn/8rth3QXKRcZmCCDrXd9Hb4KXj1+Iv51gMrE7V73Ww2nGsFSYpl8ZA=="


@pytest.mark.parametrize(
    ("timestamp", "nonce", "signature"),
    [
        ("1714036504", "1514711492", "f464b24fc39322e44b38aa78f5edd27bd1441696"),
        ("1714037059", "486452656", "899cf89e464efb63f54ddac96b0a0a235f53aa78"),
    ],
)
def test_a_push_is_signed_as_in_the_vectors(timestamp, nonce, signature):
    assert push_signature(token="AAAAA", timestamp=timestamp, nonce=nonce) == signature
    assert push_signature_ok(signature=signature, token="AAAAA", timestamp=timestamp, nonce=nonce)
    assert not push_signature_ok(signature=signature, token="AAAAB", timestamp=timestamp, nonce=nonce)


def test_the_signature_over_an_encrypted_push_is_the_vectors():
    given = {"token": "AAAAA", "timestamp": "1714037059", "nonce": "486452656", "encrypted": ENCRYPTED}

    assert push_signature(**given) == "c3504bf695191bfc189e25b950834f4a9284565b"
    assert not push_signature_ok(signature="签名", **given)


def test_a_push_is_encrypted_and_decrypted_as_in_the_vector():
    sealed = push_encrypt(aes_key=AES_KEY, appid=PUSH_APPID, message=MESSAGE, random16=b"0123456789abcdef")

    assert sealed == ENCRYPTED
    assert push_decrypt(aes_key=AES_KEY, appid=PUSH_APPID, encrypted=ENCRYPTED) == MESSAGE


def test_two_encryptions_of_one_message_differ_and_both_open():
    sealed = [push_encrypt(aes_key=AES_KEY, appid=PUSH_APPID, message="办理进度" * 50) for _ in range(2)]

    assert sealed[0] != sealed[1]
    assert {push_decrypt(aes_key=AES_KEY, appid=PUSH_APPID, encrypted=text) for text in sealed} == {
        "办理进度" * 50
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"appid": "wx0000000000000000"}, "appid"),
        ({"aes_key": "B" * 43}, "padding"),
        ({"aes_key": "A" * 10}, "base64"),
        ({"encrypted": ""}, "length"),
        ({"encrypted": "AAAA"}, "length"),
        ({"encrypted": "é"}, "base64"),
        ({"encrypted": base64.b64encode(base64.b64decode(ENCRYPTED)[:-16]).decode()}, "padding"),
    ],
)
def test_a_push_that_was_changed_or_is_not_ours_is_refused(given, said):
    with pytest.raises(CryptoRefused, match=said):
        push_decrypt(**{"aes_key": AES_KEY, "appid": PUSH_APPID, "encrypted": ENCRYPTED} | given)


def test_open_data_are_decrypted_as_in_the_vector():
    data = open_data(session_key=SESSION_KEY, iv=IV, encrypted=DATA, appid=DATA_APPID)

    assert data["openId"] == "oGZUI0egBJY1zhBYw2KhdUfwVJJE"
    assert data["nickName"] == "Band"
    assert data["watermark"] == {"timestamp": 1477314187, "appid": DATA_APPID}


@pytest.mark.parametrize(
    "given",
    [
        {"appid": "wx0000000000000000"},
        {"session_key": "A" * 22 + "=="},
        {"session_key": "AAAA"},
        {"iv": "AAAA"},
        {"encrypted": DATA[:-4]},
        {"encrypted": ""},
    ],
)
def test_open_data_that_were_changed_or_are_not_ours_are_refused(given):
    with pytest.raises(CryptoRefused):
        open_data(**{"session_key": SESSION_KEY, "iv": IV, "encrypted": DATA, "appid": DATA_APPID} | given)


def test_the_signatures_keyed_by_the_session_key_are_the_vectors():
    raw = '{"nickName":"Band","gender":1}'

    assert raw_signature(raw_data=raw, session_key=SESSION_KEY) == "209fbe7aa3d83ad61a1f56e4fe8d84dd1373991c"
    assert (
        session_signature(session_key=SESSION_KEY)
        == "7154f9f8b4b76b92f541cbf0e37d48840fa06e5e42da92a6f80168a1516a4735"
    )
