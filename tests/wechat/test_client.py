"""The client against the simulator: what it gives, and each way a call can end."""

from __future__ import annotations

import logging
import time

import pytest

from apps.wechat.bridge import gather_sync, run_sync
from apps.wechat.client import (
    PHONE_PATH,
    SEND_PATH,
    SESSION_PATH,
    TEMPLATES_PATH,
    TOKEN_PATH,
    LoginSession,
    SentReceipt,
)
from apps.wechat.errors import (
    Answer,
    WechatOutcomeUnknown,
    WechatRefused,
    WechatUnavailable,
)

from .stage import APPID, CASE, CASE_DATA, NEWS, SECRET, SERVICE, SERVICE_DATA


def test_a_code_gives_the_person_and_no_session_key(stage, wechat):
    openid = stage.user()

    session = run_sync(wechat.code_to_session(code=stage.login_code(openid)))

    assert session == LoginSession(openid=openid, unionid=stage.state.users[openid].unionid)
    assert openid not in repr(session)


def test_a_code_that_was_used_is_refused_as_used(stage, wechat):
    code = stage.login_code(stage.user())
    run_sync(wechat.code_to_session(code=code))

    with pytest.raises(WechatRefused) as refusal:
        run_sync(wechat.code_to_session(code=code))

    assert (refusal.value.errcode, refusal.value.kind) == (40163, Answer.FALLBACK)
    assert len(refusal.value.rid) == 26


@pytest.mark.parametrize(
    ("make", "errcode"),
    [
        (lambda stage: "无此码", 40029),
        (lambda stage: stage.phone_code(stage.user()), 40029),
        (lambda stage: stage.login_code(stage.user(risk=True)), 40226),
        (lambda stage: "", 41008),
    ],
)
def test_a_code_that_is_no_good_is_refused(stage, wechat, make, errcode):
    with pytest.raises(WechatRefused) as refusal:
        run_sync(wechat.code_to_session(code=make(stage)))

    assert refusal.value.errcode == errcode


def test_a_code_older_than_five_minutes_is_refused(stage, wechat):
    code = stage.login_code(stage.user())
    stage.control("POST", "clock", {"advance_s": 301})

    with pytest.raises(WechatRefused) as refusal:
        run_sync(wechat.code_to_session(code=code))

    assert refusal.value.errcode == 40029


def test_the_phone_button_gives_the_number_once(stage, wechat):
    openid = stage.user(phone="13800138000")
    code = stage.phone_code(openid)

    assert run_sync(wechat.phone_number(code=code, openid=openid)) == "13800138000"
    with pytest.raises(WechatRefused) as refusal:
        run_sync(wechat.phone_number(code=code))
    assert refusal.value.errcode == 40029


def test_a_phone_code_of_someone_else_is_refused_and_stays_good(stage, wechat):
    openid, other = stage.user(phone="13800138000"), stage.user()
    code = stage.phone_code(openid)

    with pytest.raises(WechatRefused) as refusal:
        run_sync(wechat.phone_number(code=code, openid=other))

    assert refusal.value.errcode == 40029
    assert run_sync(wechat.phone_number(code=code, openid=openid)) == "13800138000"


def test_a_message_is_accepted_as_it_was_given_and_costs_one_permission(stage, wechat):
    openid = stage.user()
    stage.allow(openid, times=2)

    receipt = run_sync(
        wechat.subscribe_send(
            openid=openid, template_id=CASE, data=CASE_DATA, page="pages/case/detail?number=17"
        )
    )

    (message,) = stage.control("GET", "messages", openid=openid)
    assert receipt == SentReceipt(msgid=str(message["msgid"]))
    assert message["msgid"] > 2**53
    assert message["template_id"] == CASE
    assert message["page"] == "pages/case/detail?number=17"
    assert message["data"] == {key: {"value": value} for key, value in CASE_DATA.items()}
    assert stage.remaining(openid) == 1


def test_without_permission_left_the_refusal_asks_for_another_channel(stage, send):
    openid = stage.user()
    stage.allow(openid)
    send(openid)

    with pytest.raises(WechatRefused) as refusal:
        send(openid)

    assert (refusal.value.errcode, refusal.value.kind) == (43101, Answer.FALLBACK)
    assert len(stage.control("GET", "messages", openid=openid)) == 1


@pytest.mark.parametrize(
    ("given", "errcode", "kind"),
    [
        ({"template_id": "none"}, 40037, Answer.BUG),
        ({"data": {"thing2": "一" * 21}}, 47003, Answer.BUG),
        ({"data": {"thing2": ""}}, 47003, Answer.BUG),
        ({"page": "pages/none"}, 41030, Answer.BUG),
    ],
)
def test_a_message_that_breaks_a_rule_is_a_bug_of_ours(stage, wechat, given, errcode, kind):
    openid = stage.user()
    stage.allow(openid)
    stage.running.account.pages = frozenset({"pages/index"})
    data = CASE_DATA | given.pop("data", {})

    with pytest.raises(WechatRefused) as refusal:
        run_sync(wechat.subscribe_send(**{"openid": openid, "template_id": CASE, "data": data} | given))

    assert (refusal.value.errcode, refusal.value.kind) == (errcode, kind)
    assert (stage.remaining(openid), stage.state.messages) == (1, [])


def test_a_page_that_is_not_published_opens_in_the_trial_version(stage):
    openid = stage.user()
    stage.allow(openid)
    stage.running.account.pages = frozenset()
    trial = stage.client(miniprogram_state="trial")

    receipt = run_sync(
        trial.subscribe_send(openid=openid, template_id=CASE, data=CASE_DATA, page="pages/new")
    )

    assert receipt.msgid is not None


def test_an_openid_of_another_account_is_refused(stage, send):
    with pytest.raises(WechatRefused) as refusal:
        send("oNobody")

    assert (refusal.value.errcode, refusal.value.kind) == (40003, Answer.FALLBACK)


def test_a_ban_of_the_account_is_an_alarm(stage, send):
    openid = stage.user()
    stage.allow(openid)
    stage.running.account.sending_banned = True

    with pytest.raises(WechatRefused) as refusal:
        send(openid)

    assert (refusal.value.errcode, refusal.value.kind) == (43107, Answer.ALARM)


@pytest.mark.parametrize("errcode", [-1, 43108, 45011, 45009, 43101, 48001, 45168])
def test_an_errcode_on_order_arrives_as_it_is_and_nothing_is_repeated(stage, send, errcode):
    openid = stage.user()
    stage.allow(openid)
    stage.fault(SEND_PATH, "errcode", value=errcode)

    with pytest.raises(WechatRefused) as refusal:
        send(openid)

    assert refusal.value.errcode == errcode
    assert stage.state.calls[SEND_PATH] == 1
    assert (stage.remaining(openid), stage.state.messages) == (1, [])


def test_messages_to_one_person_at_once_all_arrive_one_after_another(stage, wechat):
    openid = stage.user()
    stage.allow(openid, times=20)

    outcomes = gather_sync(
        wechat.subscribe_send(openid=openid, template_id=CASE, data=CASE_DATA) for _ in range(20)
    )

    assert len({receipt.msgid for receipt in outcomes}) == 20
    assert stage.remaining(openid) == 0
    assert wechat._turns == {}


def test_two_processes_that_write_to_one_person_at_once_meet_43108_which_may_be_retried(stage):
    openid = stage.user()
    stage.allow(openid, times=2)
    stage.running.account.send_work_s = 0.3
    clients = stage.client(), stage.client()
    for each in clients:
        run_sync(each.templates())  # both have a token and a connection

    outcomes = gather_sync(
        each.subscribe_send(openid=openid, template_id=CASE, data=CASE_DATA) for each in clients
    )

    (refusal,) = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert (refusal.errcode, refusal.kind) == (43108, Answer.RETRY)
    assert stage.remaining(openid) == 1


def test_three_hundred_messages_at_once_arrive_over_one_session(stage, wechat):
    people = [stage.user() for _ in range(300)]
    for openid in people:
        stage.state.permission(openid=openid, template_id=CASE).remaining = 1

    outcomes = gather_sync(
        wechat.subscribe_send(openid=openid, template_id=CASE, data=CASE_DATA) for openid in people
    )

    assert [type(outcome) for outcome in outcomes] == [SentReceipt] * 300
    assert sorted(message.openid for message in stage.state.messages) == sorted(people)
    assert stage.state.calls[TOKEN_PATH] == 1


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_a_token_that_is_refused_is_refreshed_once_and_the_message_sent_once(stage, send, errcode):
    openid = stage.user()
    stage.allow(openid)
    stage.fault(SEND_PATH, "errcode", value=errcode, times=1)

    assert send(openid) is not None

    assert (stage.state.calls[SEND_PATH], stage.state.calls[TOKEN_PATH]) == (2, 2)
    assert len(stage.state.messages) == 1


def test_a_token_that_is_refused_again_is_not_refreshed_a_second_time(stage, send):
    openid = stage.user()
    stage.allow(openid)
    stage.fault(SEND_PATH, "errcode", value=40001)

    with pytest.raises(WechatRefused) as refusal:
        send(openid)

    assert (refusal.value.errcode, refusal.value.kind) == (40001, Answer.REFRESH)
    assert (stage.state.calls[SEND_PATH], stage.state.calls[TOKEN_PATH]) == (2, 2)


def test_a_token_that_really_died_is_replaced(stage, send):
    openid = stage.user()
    stage.allow(openid, times=3)
    send(openid)
    stage.control("POST", "clock", {"advance_s": 7300})
    send(openid)
    stage.state.tokens.dies_at_s.clear()  # as if another system had killed it

    assert send(openid) is not None

    assert stage.state.calls[TOKEN_PATH] == 3
    assert len(stage.state.messages) == 3


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"secret": "1" * 32}, 40125),
        ({"appid": "wx0000000000000000"}, 40013),
    ],
)
def test_a_token_that_is_not_given_leaves_the_message_unsent_and_raises_an_alarm(stage, change, errcode):
    openid = stage.user()
    stage.allow(openid)

    with pytest.raises(WechatUnavailable) as trouble:
        run_sync(stage.client(**change).subscribe_send(openid=openid, template_id=CASE, data=CASE_DATA))

    assert (trouble.value.errcode, trouble.value.kind) == (errcode, Answer.ALARM)
    assert stage.state.calls[SEND_PATH] == 0


@pytest.mark.parametrize("kind", ["cut_before", "cut_after", "http", "slow"])
def test_whatever_befalls_the_token_call_the_message_certainly_did_not_leave(stage, kind):
    openid = stage.user()
    stage.allow(openid)
    stage.fault(TOKEN_PATH, kind, value=503 if kind == "http" else 1)
    hurried = stage.client(timeout_s=0.3)

    with pytest.raises(WechatUnavailable) as trouble:
        run_sync(hurried.subscribe_send(openid=openid, template_id=CASE, data=CASE_DATA))

    assert trouble.value.kind is Answer.RETRY
    assert stage.state.calls[SEND_PATH] == 0


def test_a_refused_connection_is_unavailable(stage, free_port):
    nobody = stage.client(base_url=f"http://127.0.0.1:{free_port()}")

    for call in (
        nobody.code_to_session(code="c"),
        nobody.phone_number(code="c"),
        nobody.templates(),
        nobody.subscribe_send(openid="o", template_id=CASE, data=CASE_DATA),
    ):
        with pytest.raises(WechatUnavailable, match="ClientConnectorError"):
            run_sync(call)


def test_a_slow_answer_leaves_the_outcome_unknown_though_the_message_went_out(stage):
    openid = stage.user()
    stage.allow(openid)
    hurried = stage.client(timeout_s=0.3)
    run_sync(hurried.templates())
    stage.fault(SEND_PATH, "slow", value=0.6)

    with pytest.raises(WechatOutcomeUnknown, match="time limit"):
        run_sync(hurried.subscribe_send(openid=openid, template_id=CASE, data=CASE_DATA))

    assert stage.state.calls[SEND_PATH] == 1
    _until(lambda: len(stage.state.messages) == 1)
    assert stage.remaining(openid) == 0


@pytest.mark.parametrize(("kind", "sent"), [("cut_before", 0), ("cut_after", 1)])
def test_a_cut_connection_leaves_the_outcome_unknown_and_nothing_is_repeated(stage, send, kind, sent):
    openid = stage.user()
    stage.allow(openid, times=3)
    send(openid)  # so that the next call goes over a connection that is already open
    stage.fault(SEND_PATH, kind)

    with pytest.raises(WechatOutcomeUnknown):
        send(openid)

    assert stage.state.calls[SEND_PATH] == 2
    assert len(stage.state.messages) == 1 + sent


def test_a_login_whose_answer_was_lost_is_not_repeated_behind_our_back(stage, wechat):
    openid = stage.user()
    run_sync(wechat.code_to_session(code=stage.login_code(openid)))
    stage.fault(SESSION_PATH, "cut_after")

    with pytest.raises(WechatOutcomeUnknown):
        run_sync(wechat.code_to_session(code=stage.login_code(openid)))

    assert stage.state.calls[SESSION_PATH] == 2


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (500, WechatUnavailable),
        (502, WechatUnavailable),
        (503, WechatUnavailable),
        (404, WechatUnavailable),
        (504, WechatOutcomeUnknown),
    ],
)
def test_a_gateways_error_is_unavailable_but_its_time_limit_is_unknown(stage, send, status, error):
    openid = stage.user()
    stage.allow(openid)
    stage.fault(SEND_PATH, "http", value=status)

    with pytest.raises(error, match=f"http {status}"):
        send(openid)

    assert stage.state.calls[SEND_PATH] == 1


def test_answers_are_read_by_content_not_by_content_type(stage, send):
    openid = stage.user()
    stage.allow(openid)
    stage.running.account.content_type = "text/plain"

    assert send(openid) is not None


def test_the_templates_come_with_their_keys_and_without_our_names(stage, wechat):
    templates = {template.template_id: template for template in run_sync(wechat.templates())}

    assert set(templates) == {CASE, NEWS, SERVICE}
    assert templates[CASE].keys == tuple(CASE_DATA)
    assert (templates[CASE].kind, templates[SERVICE].kind) == (2, 3)
    rows = stage.call("GET", TEMPLATES_PATH, access_token=stage.token())["data"]
    assert set(rows[0]) == {"priTmplId", "title", "content", "example", "type", "keywordEnumValueList"}


def test_a_long_term_permission_is_not_used_up(stage, wechat):
    openid = stage.user()
    stage.allow(openid, SERVICE)

    for _ in range(3):
        run_sync(wechat.subscribe_send(openid=openid, template_id=SERVICE, data=SERVICE_DATA))

    assert len(stage.state.messages) == 3


def test_no_secret_token_code_or_person_reaches_a_log_or_an_error(stage, send, wechat, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    openid, told = stage.user(phone="13800138000"), []
    code = stage.login_code(openid)
    stage.allow(openid)
    send(openid)
    token = stage.state.tokens.stable
    calls = {
        SEND_PATH: lambda: send(openid),
        PHONE_PATH: lambda: run_sync(wechat.phone_number(code=stage.phone_code(openid))),
        SESSION_PATH: lambda: run_sync(wechat.code_to_session(code=code)),
    }
    for path, call in calls.items():
        for kind in ("errcode", "http", "cut_before"):
            stage.fault(path, kind, times=1)
            with pytest.raises((WechatRefused, WechatUnavailable, WechatOutcomeUnknown)) as error:
                call()
            told += [str(error.value), repr(error.value), str(error.value.__cause__)]

    out, err = capfd.readouterr()
    everything = "".join([*told, out, err, caplog.text])
    assert "wechat_refused" in everything
    for secret in (SECRET, token, code, openid, "13800138000", APPID):
        assert secret not in everything


def _until(holds):
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
