"""Events that WeChat pushes to the account's own address: signed, three modes, two formats; 5 s each, three tries.

A queue stands before the network: however many events there are, fifty are on their way at once.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import aiohttp

from apps.wechat.crypto import push_encrypt, push_signature
from apps.wechat.simulator.state import Push, PushTarget, State

TRIES = 3
TIMEOUT_S = 5.0
AT_ONCE = 50
REORDER_S = 0.3  # how long an event waits for another one to overtake it


@dataclass(frozen=True, slots=True)
class Event:
    """One event before it is written down.

    items  what stands in ``List``
    more   the fields of an event without a list
    """

    name: str
    openid: str
    at_s: int
    items: Sequence[Mapping[str, str]] = ()
    more: Mapping[str, Any] | None = None


class Pusher:
    """Sends events in the background, like the real host: the call that caused an event does not wait for it."""

    def __init__(self, *, state: State) -> None:
        self._state = state
        self._session: aiohttp.ClientSession | None = None
        self._queue: deque[tuple[PushTarget, Event]] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._others: set[asyncio.Task[None]] = set()
        self._overtaken: tuple[PushTarget, Event] | None = None
        self._verifying = asyncio.Lock()
        self._last_s: dict[tuple[str, str], int] = {}

    @property
    def waiting(self) -> int:
        """How many events wait for their turn."""
        return len(self._queue) + (self._overtaken is not None)

    @property
    def under_way(self) -> int:
        """How many events are being delivered and not answered yet, those between two attempts too."""
        return len(self._running)

    def push(
        self,
        *,
        event: str,
        openid: str,
        items: Sequence[Mapping[str, str]] = (),
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """Send one event if the account has a push address and there is something to say."""
        target = self._state.account.push
        if target is None or not (items or more):
            return
        made = Event(event, openid, self._second(event, openid), items, more)
        if target.delay_s:
            asyncio.get_running_loop().call_later(target.delay_s, self._put, target, made)
        else:
            self._put(target, made)

    async def verified(self, *, target: PushTarget) -> bool:
        """Ask the address to prove itself: it must answer a signed GET with the text it is given (rule 11)."""
        query = self._signed(target)
        query["echostr"] = self._state.name(length=20)
        try:
            async with self._open_session().get(target.url, params=query, allow_redirects=False) as response:
                return response.status == 200 and await response.text() == query["echostr"]
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return False

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something in the background that ends in a push; dropped with the rest on closing."""
        self._keep(self._others, work)

    def forget(self) -> None:
        """Drop what is waiting."""
        self._queue.clear()
        self._last_s.clear()
        self._overtaken = None

    async def close(self) -> None:
        """Drop what is waiting and what is on its way."""
        self.forget()
        tasks = [*self._running, *self._others]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def _second(self, event: str, openid: str) -> int:
        """The CreateTime of an event: a person answers one dialog at a time, so two of one second are never the same.

        Receivers tell a repeat from a new event by FromUserName, CreateTime and Event.
        """
        second = max(int(self._state.now_s()), self._last_s.get((event, openid), 0) + 1)
        if event != "subscribe_msg_sent_event":  # these have a MsgID of their own
            self._last_s[event, openid] = second
        return second

    def _put(self, target: PushTarget, event: Event) -> None:
        times = 2 if target.duplicate and self._state.rng.random() < target.duplicate else 1
        if not target.reorder:
            self._queue.extend([(target, event)] * times)
        elif self._overtaken is None:
            self._overtaken = (target, event)
            asyncio.get_running_loop().call_later(REORDER_S, self._overtaken_go)
            return
        else:
            self._queue.extend([(target, event)] * times)
            self._overtaken_go()
        self._work_more()

    def _overtaken_go(self) -> None:
        if self._overtaken is not None:
            self._queue.append(self._overtaken)
            self._overtaken = None
            self._work_more()

    def _work_more(self) -> None:
        # Two on their way at once would come in any order, also in the right one.
        most = 1 if self._queue and self._queue[0][0].reorder else AT_ONCE
        if self._queue and len(self._running) < most:
            self._keep(self._running, self._work())

    def _keep(self, tasks: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def _work(self) -> None:
        while self._queue:
            await self._deliver(*self._queue.popleft())

    async def _deliver(self, target: PushTarget, event: Event) -> None:
        query, body = self._sealed(target, event)
        taken, tries = False, 0
        while tries < TRIES and not taken:
            tries += 1
            taken = await self._enabled(target) and await self._post(target, query, body)
        self._state.pushes.append(Push(event=event.name, tries=tries, taken=taken))
        self._state.push_counts["taken" if taken else "failed"] += 1

    async def _enabled(self, target: PushTarget) -> bool:
        if target.verified:
            return True
        async with self._verifying:
            account = self._state.account
            if account.push == target and await self.verified(target=target):
                account.push = replace(target, verified=True)
            return account.push == replace(target, verified=True)

    def _signed(self, target: PushTarget) -> dict[str, str]:
        timestamp, nonce = str(int(self._state.now_s())), str(self._state.rng.randrange(10**9))
        signature = push_signature(token=target.token, timestamp=timestamp, nonce=nonce)
        return {"signature": signature, "timestamp": timestamp, "nonce": nonce}

    def _sealed(self, target: PushTarget, event: Event) -> tuple[dict[str, str], bytes]:
        query, message = {**self._signed(target), "openid": event.openid}, message_of(event, target.account)
        written = _xml if target.format == "xml" else _json
        if target.mode == "plain":
            return query, written(message).encode()
        encrypted = push_encrypt(
            aes_key=target.aes_key, appid=self._state.account.appid, message=written(message)
        )
        query["encrypt_type"] = "aes"
        query["msg_signature"] = push_signature(
            token=target.token, timestamp=query["timestamp"], nonce=query["nonce"], encrypted=encrypted
        )
        shown = {"ToUserName": target.account} if target.mode == "safe" else message
        return query, written({**shown, "Encrypt": encrypted}).encode()

    async def _post(self, target: PushTarget, query: Mapping[str, str], body: bytes) -> bool:
        kind = "text/xml" if target.format == "xml" else "application/json"
        try:
            async with self._open_session().post(
                target.url, params=query, data=body, headers={"Content-Type": kind}
            ) as response:
                return response.status == 200 and (await response.text()).strip() in ("", "success")
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return False

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S), trust_env=False
            )
        return self._session


def message_of(event: Event, account: str) -> dict[str, Any]:
    """Return the event in the shape of its JSON form."""
    message: dict[str, Any] = {
        "ToUserName": account,
        "FromUserName": event.openid,
        "CreateTime": event.at_s,
        "MsgType": "event",
        "Event": event.name,
        **(event.more or {}),
    }
    if event.items:
        # An object when there is one item and an array when there are several, as the real host does.
        items = [dict(item) for item in event.items]
        message["List"] = items[0] if len(items) == 1 else items
    return message


def _json(message: Mapping[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def _xml(message: Mapping[str, Any]) -> str:
    """The XML form: the list stands below a tag of the event's name (SubscribeMsgPopupEvent), one List tag an item."""
    inner = dict(message)
    if "List" in inner:
        holder = "".join(part.title() for part in str(inner["Event"]).split("_"))
        inner[holder] = {"List": inner.pop("List")}
    return f"<xml>{_tags(inner)}</xml>"


def _tags(fields: Mapping[str, Any]) -> str:
    return "".join(
        f"<{name}>{_tags(one) if isinstance(one, dict) else _text(one)}</{name}>"
        for name, value in fields.items()
        for one in (value if isinstance(value, list) else [value])
    )


def _text(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    return f"<![CDATA[{str(value).replace(']]>', ']]]]><![CDATA[>')}]]>"
