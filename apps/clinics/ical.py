"""An appointment for the calendar of a phone (RFC 5545)."""

from __future__ import annotations

import datetime as dt

from icalendar import Alarm, Calendar, Event


def calendar_file(
    *, number: str, title: str, place: str, starts_at: dt.datetime, ends_at: dt.datetime, made_at: dt.datetime, version: int,
    cancelled: bool, tentative: bool = False,
) -> bytes:  # fmt: skip
    """Return an iCalendar file with one event and a reminder an hour before; no name of a patient stands in it.

    ``tentative``  it is only kept for them as yet
    The identifier stays and the sequence rises, so that a calendar replaces or strikes out what it took before.
    """
    event = Event()
    event.add("uid", f"{number}@qingshan")
    event.add("sequence", version)
    event.add("dtstamp", made_at.astimezone(dt.UTC))
    event.add("dtstart", starts_at.astimezone(dt.UTC))
    event.add("dtend", ends_at.astimezone(dt.UTC))
    event.add("summary", title)
    event.add("location", place)
    event.add("status", "CANCELLED" if cancelled else "TENTATIVE" if tentative else "CONFIRMED")
    if not cancelled:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", title)
        alarm.add("trigger", dt.timedelta(hours=-1))
        event.add_component(alarm)
    calendar = Calendar()
    calendar.add("prodid", "-//qingshan//clinics//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if cancelled else "PUBLISH")
    calendar.add_component(event)
    return bytes(calendar.to_ical())
