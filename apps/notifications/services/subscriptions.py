"""What residents follow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from apps.accounts import services as accounts
from apps.common.errors import Refused
from apps.notifications.models import Subscription
from apps.notifications.topics import topic_names

MOST = 100


class TopicUnknown(Refused):
    code = "topic_unknown"
    message = _("There is no topic of this name to follow.")
    status = 400


class TopicTwice(Refused):
    code = "topic_twice"
    message = _("Each topic stands once in the list.")
    status = 400


class TooManyTopics(Refused):
    code = "too_many_topics"
    message = _("At most %(most)s topics can be followed.")
    status = 400


@dataclass(frozen=True, slots=True)
class Wanted:
    """A topic, and the channels beside the inbox."""

    topic: str
    wechat: bool = False
    sms: bool = False


def subscriptions_put(*, resident_id: UUID, wanted: Sequence[Wanted], now: dt.datetime) -> None:
    """Make ``wanted`` the whole of what a resident follows, at most 100 topics; the same again changes nothing.

    A lock on the resident makes two at once follow each other.  3 queries, and those of the topics.
    Raises TopicUnknown, TopicTwice with ``attr`` ``<place>.topic``, TooManyTopics.
    """
    if len(wanted) > MOST:
        raise TooManyTopics(most=MOST)
    known, seen = topic_names(), set[str]()
    for place, one in enumerate(wanted):
        if one.topic not in known:
            raise TopicUnknown(attr=f"{place}.topic")
        if one.topic in seen:
            raise TopicTwice(attr=f"{place}.topic")
        seen.add(one.topic)
    with transaction.atomic():
        accounts.resident_lock(resident_id=resident_id)
        Subscription.objects.filter(resident_id=resident_id).exclude(topic__in=seen).delete()
        Subscription.objects.bulk_create(
            (
                Subscription(
                    resident_id=resident_id, topic=one.topic, wechat=one.wechat, sms=one.sms, created_at=now
                )
                for one in wanted
            ),
            update_conflicts=True,
            unique_fields=["resident", "topic"],
            update_fields=["wechat", "sms"],
        )
