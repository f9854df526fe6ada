"""One token for all: fetched once however many ask, ahead of its end, with Redis and without."""

from __future__ import annotations

import asyncio
import datetime as dt
import subprocess
import sys
import time

import pytest

from apps.wechat.errors import Answer, WechatUnavailable
from apps.wechat.token_cache import Issued, TokenCache

NOWHERE = "redis://127.0.0.1:1/0"
START = dt.datetime(2026, 3, 1, 8, 0, tzinfo=dt.UTC)


class Clock:
    def __init__(self):
        self.at = START

    def __call__(self):
        return self.at

    def advance(self, seconds):
        self.at += dt.timedelta(seconds=seconds)


class Source:
    """Issues T1, T2, …; counts and may fail."""

    def __init__(self, expires_in_s=7200, takes_s=0.0):
        self.expires_in_s, self.takes_s = expires_in_s, takes_s
        self.calls, self.fails, self.always = 0, False, ""

    async def __call__(self):
        self.calls += 1
        await asyncio.sleep(self.takes_s)
        if self.fails:
            raise WechatUnavailable("token refused", 40125, Answer.ALARM)
        return Issued(value=self.always or f"T{self.calls}", expires_in_s=self.expires_in_s)


def cache_of(source, clock, *, name="n", redis_url="", lock_s=8.0):
    return TokenCache(name=name, redis_url=redis_url, fetch=source, lock_s=lock_s, now=clock)


def run(steps):
    return asyncio.run(asyncio.wait_for(steps, timeout=30))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def shared(redis_url_for_wechat, fresh_appid, clock):
    """Caches as in several processes: one Redis, one name."""
    made = []

    def make(source, **more):
        made.append(cache_of(source, clock, name=fresh_appid, redis_url=redis_url_for_wechat, **more))
        return made[-1]

    return make


def test_of_a_hundred_callers_in_one_process_one_fetches(clock):
    source = Source(takes_s=0.05)

    async def steps():
        cache = cache_of(source, clock)
        return await asyncio.gather(*(cache.token() for _ in range(100)))

    assert set(run(steps())) == {"T1"}
    assert source.calls == 1


def test_of_ten_processes_that_share_redis_one_fetches(shared):
    source = Source(takes_s=0.2)

    async def steps():
        caches = [shared(source) for _ in range(10)]
        tokens = await asyncio.gather(*(cache.token() for cache in caches for _ in range(5)))
        for cache in caches:
            await cache.close()
        return tokens

    assert run(steps()) == ["T1"] * 50
    assert source.calls == 1


def test_a_process_that_starts_later_takes_the_token_from_redis(shared):
    first, second = Source(), Source()

    async def steps():
        caches = shared(first), shared(second)
        tokens = [await cache.token() for cache in caches]
        for cache in caches:
            await cache.close()
        return tokens

    assert run(steps()) == ["T1", "T1"]
    assert (first.calls, second.calls) == (1, 0)


@pytest.mark.parametrize(("later_s", "token"), [(6899, "T1"), (6900, "T2")])
def test_the_token_is_renewed_300_seconds_ahead_of_its_end(shared, clock, later_s, token):
    source = Source()

    async def steps():
        cache = shared(source)
        assert await cache.token() == "T1"
        clock.advance(later_s)
        try:
            return await cache.token()
        finally:
            await cache.close()

    assert run(steps()) == token


def test_a_token_that_comes_in_its_last_300_seconds_serves_for_five(clock):
    source = Source(expires_in_s=290)

    async def steps():
        cache = cache_of(source, clock)
        tokens = [await cache.token(), await cache.token()]
        clock.advance(5)
        return [*tokens, await cache.token()]

    assert run(steps()) == ["T1", "T1", "T2"]


def test_a_refused_token_is_replaced_once_for_all_who_were_refused(shared):
    source = Source(takes_s=0.1)

    async def steps():
        caches = [shared(source) for _ in range(4)]
        assert {await cache.token() for cache in caches} == {"T1"}
        tokens = await asyncio.gather(*(cache.token(refused="T1") for cache in caches for _ in range(25)))
        for cache in caches:
            await cache.close()
        return tokens

    assert run(steps()) == ["T2"] * 100
    assert source.calls == 2


def test_a_token_that_was_refused_by_mistake_is_asked_for_once_by_a_hundred(clock):
    # stable_token gives the same value again; without counting the fetches each of the hundred would fetch.
    source = Source(takes_s=0.05)
    source.always = "SAME"

    async def steps():
        cache = cache_of(source, clock)
        await cache.token()
        return await asyncio.gather(*(cache.token(refused="SAME") for _ in range(100)))

    assert set(run(steps())) == {"SAME"}
    assert source.calls == 2


def test_a_token_that_is_refused_one_call_after_another_is_asked_for_each_time(clock):
    # With the clock standing still: what counts is the order, not the time.
    source = Source()

    async def steps():
        cache = cache_of(source, clock)
        return [await cache.token(), await cache.token(refused="T1"), await cache.token(refused="T2")]

    assert run(steps()) == ["T1", "T2", "T3"]


def test_a_failed_fetch_fails_for_all_who_waited_and_the_next_call_tries_again(clock):
    source = Source(takes_s=0.05)
    source.fails = True

    async def steps():
        cache = cache_of(source, clock)
        results = await asyncio.gather(*(cache.token() for _ in range(50)), return_exceptions=True)
        source.fails = False
        return results, await cache.token()

    results, after = run(steps())
    assert {str(error) for error in results} == {"WeChat is unavailable: token refused, errcode 40125, alarm"}
    assert (after, source.calls) == ("T2", 2)


def test_when_the_renewal_fails_the_old_token_serves_until_it_dies(clock):
    source = Source()

    async def steps():
        cache = cache_of(source, clock)
        await cache.token()
        source.fails = True
        clock.advance(6900)
        spared = [await cache.token() for _ in range(3)]
        clock.advance(300)
        with pytest.raises(WechatUnavailable):
            await cache.token()
        return spared

    assert run(steps()) == ["T1"] * 3
    assert source.calls == 3  # the first, one in the spare time, one after the end


def test_without_redis_each_process_has_its_own_token_and_nothing_is_raised(clock):
    first, second = Source(), Source()
    second.always = "OTHER"

    async def steps():
        caches = [cache_of(source, clock, redis_url=NOWHERE) for source in (first, second)]
        tokens = [await cache.token() for cache in caches for _ in range(3)]
        for cache in caches:
            await cache.close()
        return tokens

    started = time.monotonic()
    assert run(steps()) == ["T1"] * 3 + ["OTHER"] * 3
    # The client library alone would try again for seconds; a refused connection is known at once.
    assert time.monotonic() - started < 0.5
    assert (first.calls, second.calls) == (1, 1)


def test_a_redis_that_goes_away_and_comes_back_is_used_again(clock, redis_server, free_port, monkeypatch):
    monkeypatch.setattr("apps.wechat.token_cache.REDIS_REST_S", 0)
    source, other, port = Source(), Source(), free_port()
    url = f"redis://127.0.0.1:{port}/0"

    async def steps():
        cache, late = (cache_of(of, clock, redis_url=url) for of in (source, other))
        with redis_server(port):
            tokens = [await cache.token()]
        clock.advance(7000)
        tokens.append(await cache.token())
        with redis_server(port):
            clock.advance(7000)
            tokens += [await cache.token(), await late.token()]
            await cache.close()
            await late.close()
        return tokens

    assert run(steps()) == ["T1", "T2", "T3", "T3"]
    assert (source.calls, other.calls) == (3, 0)


def test_a_lock_left_by_a_dead_process_delays_but_does_not_stop(shared, redis_url_for_wechat, fresh_appid):
    code = (
        "import redis, sys; redis.Redis.from_url(sys.argv[1]).set('qs:wechat:token-lock:' + sys.argv[2], 'x')"
    )
    subprocess.run([sys.executable, "-c", code, redis_url_for_wechat, fresh_appid], check=True)
    source = Source()

    async def steps():
        cache = shared(source, lock_s=0.3)
        try:
            return await cache.token()
        finally:
            await cache.close()

    assert run(steps()) == "T1"
    assert source.calls == 1


def test_what_another_version_left_in_redis_counts_as_nothing(shared, redis_url_for_wechat, fresh_appid):
    code = "import redis, sys; redis.Redis.from_url(sys.argv[1]).set('qs:wechat:token:' + sys.argv[2], '{\"a\":1}')"
    subprocess.run([sys.executable, "-c", code, redis_url_for_wechat, fresh_appid], check=True)

    async def steps():
        cache = shared(Source())
        try:
            return await cache.token()
        finally:
            await cache.close()

    assert run(steps()) == "T1"


def test_no_log_line_and_no_text_of_an_object_holds_the_token(clock, capfd):
    source = Source()
    source.always = "VERYSECRETTOKEN"

    async def steps():
        cache = cache_of(source, clock, redis_url=NOWHERE)
        await cache.token()
        return repr(vars(cache)) + repr(Issued(value="VERYSECRETTOKEN", expires_in_s=1))

    text = run(steps())
    out, err = capfd.readouterr()
    assert "VERYSECRETTOKEN" not in text + out + err
