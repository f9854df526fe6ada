"""Control calls that only read: what was sent, pushed and called."""

from __future__ import annotations

from collections import Counter

from aiohttp import web

from apps.wechat.simulator.control_reading import answer, moment, since
from apps.wechat.simulator.pushes import Pusher
from apps.wechat.simulator.state import State


class Records:
    """One method for each call."""

    def __init__(self, *, state: State, pusher: Pusher) -> None:
        self._state = state
        self._pusher = pusher

    def routes(self) -> list[web.RouteDef]:
        """Return the calls."""
        return [
            web.get("/control/messages", self._messages),
            web.get("/control/messages/summary", self._summary),
            web.get("/control/ledger", self._ledger),
            web.get("/control/sms", self._sms),
            web.get("/control/pushes", self._pushes),
            web.get("/control/calls", self._calls),
        ]

    async def _messages(self, request: web.Request) -> web.Response:
        """?openid=&since= → accepted messages, oldest first; since: ISO 8601 or unix seconds, itself included."""
        openid, start = request.query.get("openid"), since(request.query.get("since", ""))
        return answer(
            [
                {
                    "openid": message.openid,
                    "template_id": message.template_id,
                    "page": message.page,
                    "data": message.data,
                    "msgid": message.msgid,
                    "at": moment(message.at_s).isoformat(),
                }
                for message in list(self._state.messages)
                if (not openid or message.openid == openid) and moment(message.at_s) >= start
            ]
        )

    async def _summary(self, _request: web.Request) -> web.Response:
        """Counts of the accepted messages, cheap for any number of them.

        doubled        messages whose person, template, page and values were sent before
        more_than_one  pairs of a person and a template with more than one message
        """
        rows = list(self._state.ledger.items())
        sent: Counter[str] = Counter()
        for (_openid, template_id), row in rows:
            sent[template_id] += row.sent
        return answer(
            {
                "sent": len(self._state.messages),
                "doubled": self._state.doubled,
                "more_than_one": sum(row.sent > 1 for _, row in rows),
                "by_template": {template_id: count for template_id, count in sent.items() if count},
            }
        )

    async def _ledger(self, request: web.Request) -> web.Response:
        """?openid= → one row for each template the user has answered for."""
        openid, templates = request.query.get("openid"), self._state.templates
        return answer(
            [
                {
                    "openid": owner,
                    "template_id": template_id,
                    "type": templates[template_id].kind,
                    "remaining": row.remaining,
                    "long_term_on": row.long_term_on,
                    "switched_off": row.switched_off,
                    "updated_at": moment(row.updated_at_s).isoformat(),
                }
                for (owner, template_id), row in self._state.ledger.items()
                if (not openid or owner == openid) and template_id in templates
            ]
        )

    async def _sms(self, request: web.Request) -> web.Response:
        """?phone= → accepted text messages, oldest first; phone with or without +86."""
        phone = request.query.get("phone", "").replace(" ", "+")
        if phone and not phone.startswith("+"):
            phone = f"+86{phone}"
        sms = self._state.sms
        return answer(
            [
                {
                    "phone": message.phone,
                    "sign": message.sign,
                    "template_id": message.template_id,
                    "text": message.text,
                    "serial": message.serial,
                    "at": moment(message.at_s).isoformat(),
                }
                for message in list(sms.by_phone.get(phone, ()) if phone else sms.messages)
            ]
        )

    async def _pushes(self, _request: web.Request) -> web.Response:
        """The sums of the events pushed, and the newest thousand of them."""
        state = self._state
        return answer(
            {
                "waiting": self._pusher.waiting,
                "under_way": self._pusher.under_way,
                "taken": state.push_counts["taken"],
                "failed": state.push_counts["failed"],
                "receipts_taken": state.sms.receipts_posted,
                "receipts_failed": state.sms.receipts_lost,
                "recent": [
                    {"event": push.event, "tries": push.tries, "taken": push.taken}
                    for push in list(state.pushes)
                ],
            }
        )

    async def _calls(self, _request: web.Request) -> web.Response:
        """How often each path was called, refused calls too."""
        return answer(dict(self._state.calls))
