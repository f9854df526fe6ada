"""Events that WeChat pushes to the account's own address: signed, three modes, JSON; 5 s each, three tries."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp

from apps.wechat.crypto import push_encrypt, push_signature
from apps.wechat.simulator.state import Push, PushTarget, State

TRIES = 3
TIMEOUT_S = 5.0


class Pusher:
    """Sends events in the background, like the real host: the call that caused an event does not wait for it."""

    def __init__(self, *, state: State) -> None:
        self._state = state
        self._session: aiohttp.ClientSession | None = None
        self._running: set[asyncio.Task[None]] = set()

    def push(self, *, event: str, openid: str, items: Sequence[Mapping[str, str]]) -> None:
        """Send one event if the account has a push address.  items: what stands in ``List``."""
        target = self._state.account.push
        if target is None or not items:
            return
        message = {
            "ToUserName": target.account,
            "FromUserName": openid,
            "CreateTime": int(self._state.now_s()),
            "MsgType": "event",
            "Event": event,
            # An object when there is one item and an array when there are several, as the real host does.
            "List": dict(items[0]) if len(items) == 1 else [dict(item) for item in items],
        }
        task = asyncio.get_running_loop().create_task(self._deliver(target, event, openid, message))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """Drop what is on its way."""
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _deliver(self, target: PushTarget, event: str, openid: str, message: Mapping[str, Any]) -> None:
        query, body = self._sealed(target, openid, message)
        taken, tries = False, 0
        while tries < TRIES and not taken:
            tries += 1
            taken = await self._post(target.url, query, body)
        self._state.pushes.append(Push(event=event, tries=tries, taken=taken))

    def _sealed(
        self, target: PushTarget, openid: str, message: Mapping[str, Any]
    ) -> tuple[dict[str, str], bytes]:
        timestamp, nonce = str(int(self._state.now_s())), str(self._state.rng.randrange(10**9))
        query = {
            "signature": push_signature(token=target.token, timestamp=timestamp, nonce=nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            "openid": openid,
        }
        if target.mode == "plain":
            return query, _bytes(message)
        encrypted = push_encrypt(
            aes_key=target.aes_key, appid=self._state.account.appid, message=_bytes(message).decode()
        )
        query["encrypt_type"] = "aes"
        query["msg_signature"] = push_signature(
            token=target.token, timestamp=timestamp, nonce=nonce, encrypted=encrypted
        )
        shown = {"ToUserName": target.account} if target.mode == "safe" else dict(message)
        return query, _bytes({**shown, "Encrypt": encrypted})

    async def _post(self, url: str, query: Mapping[str, str], body: bytes) -> bool:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S), trust_env=False
            )
        try:
            async with self._session.post(
                url, params=query, data=body, headers={"Content-Type": "application/json"}
            ) as response:
                return response.status == 200 and (await response.text()).strip() in ("", "success")
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False


def _bytes(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
