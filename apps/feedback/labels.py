"""What states, verbs and types are called."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.feedback.states import CaseState, Evidence, Identity, RequestType, Urgency, Verb

STATE_LABELS: dict[CaseState, Any] = {
    CaseState.SUBMITTED: _("submitted"),
    CaseState.ACCEPTED: _("accepted"),
    CaseState.NOT_ACCEPTED: _("not accepted"),
    CaseState.DISPATCHED: _("dispatched"),
    CaseState.SIGNED: _("signed for"),
    CaseState.IN_PROGRESS: _("in progress"),
    CaseState.REPLIED: _("replied"),
    CaseState.RATED: _("rated"),
    CaseState.CLOSED: _("closed"),
    CaseState.REOPENED: _("reopened"),
    CaseState.MERGED: _("merged"),
    CaseState.WITHDRAWN: _("withdrawn"),
    CaseState.RETURNED: _("returned"),
    CaseState.SUSPENDED: _("suspended"),
}
VERB_LABELS: dict[Verb, Any] = {
    Verb.SUBMIT: _("Submit"),
    Verb.ACCEPT: _("Accept"),
    Verb.REFUSE: _("Do not accept"),
    Verb.DISPATCH: _("Dispatch"),
    Verb.SIGN: _("Sign for"),
    Verb.START: _("Start work"),
    Verb.REPLY: _("Reply"),
    Verb.RATE: _("Rate"),
    Verb.CLOSE: _("Close the case"),
    Verb.REOPEN: _("Reopen"),
    Verb.WITHDRAW: _("Withdraw"),
    Verb.RETURN: _("Return"),
    Verb.SUSPEND: _("Suspend"),
    Verb.RESUME: _("Resume"),
    Verb.MERGE: _("Merge"),
    Verb.UNMERGE: _("Undo merge"),
    Verb.ARBITRATE: _("Rule which unit handles it"),
    Verb.ASK: _("Ask the resident"),
    Verb.ANSWER: _("Answer the question"),
    Verb.SUPPLEMENT: _("Add information"),
    Verb.NUDGE: _("Ask for speed"),
    Verb.CONTACT: _("Record the first contact"),
    Verb.CONTRIBUTE: _("Give an opinion as co-handling unit"),
    Verb.EXTEND_ASK: _("Ask for an extension"),
    Verb.EXTEND_GRANT: _("Grant the extension"),
    Verb.EXTEND_DENY: _("Deny the extension"),
    Verb.SUPERVISE: _("Supervise"),
    Verb.CLASSIFY: _("Correct category and urgency"),
    Verb.SPLIT: _("Split off a part"),
    Verb.RECLOCK: _("Deadline computed anew"),
}
TYPE_LABELS: dict[RequestType, Any] = {
    RequestType.CONSULTATION: _("consultation"),
    RequestType.HELP: _("request for help"),
    RequestType.COMPLAINT: _("complaint"),
    RequestType.REPORT: _("report of wrongdoing"),
    RequestType.SUGGESTION: _("suggestion"),
    RequestType.PRAISE: _("praise"),
}
IDENTITY_LABELS: dict[Identity, Any] = {
    Identity.NAMED: _("named"),
    Identity.HIDDEN: _("hidden from the unit"),
    Identity.ANONYMOUS: _("anonymous"),
}
URGENCY_LABELS: dict[Urgency, Any] = {
    Urgency.NORMAL: _("normal"),
    Urgency.URGENT: _("urgent"),
    Urgency.EMERGENCY: _("emergency"),
}
EVIDENCE_LABELS: dict[Evidence, Any] = {
    Evidence.CONTACT: _("contact with the resident"),
    Evidence.PHOTO_BEFORE: _("photo before"),
    Evidence.PHOTO_AFTER: _("photo after"),
    Evidence.DOCUMENT: _("document number"),
}
# WeChat's phrase key takes five Chinese characters at most; the state's label is short enough.


def choices(labels: dict[Any, Any]) -> list[tuple[str, Any]]:
    """Return the labels as Django choices."""
    return [(code.value, label) for code, label in labels.items()]
