"""Writes of the news: who asks from outside asks here."""

from apps.news.services.articles import article_draft, article_save
from apps.news.services.columns import column_right_grant, column_save, columns_load
from apps.news.services.publishing import (
    article_publish,
    article_retract,
    publication_pin,
    publication_reschedule,
    publications_due_tell,
    roles_may_pin,
)
from apps.news.services.reviews import (
    article_return,
    article_revise,
    article_sign,
    article_submit,
    article_withdraw,
    finding_waive,
    may_waive,
    proof_pass_add,
)

__all__ = [
    "article_draft",
    "article_publish",
    "article_retract",
    "article_return",
    "article_revise",
    "article_save",
    "article_sign",
    "article_submit",
    "article_withdraw",
    "column_right_grant",
    "column_save",
    "columns_load",
    "finding_waive",
    "may_waive",
    "proof_pass_add",
    "publication_pin",
    "publication_reschedule",
    "publications_due_tell",
    "roles_may_pin",
]
