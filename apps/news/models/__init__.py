"""Rows of the news."""

from apps.news.models.articles import Article, ArticleEvent, Revision
from apps.news.models.attachment_words import AttachmentWords
from apps.news.models.attachments import Attachment, AttachmentEvent, IntakeReport
from apps.news.models.columns import Column, ColumnRight
from apps.news.models.media import MediaAsset, MediaRendition, MediaUse
from apps.news.models.publications import Publication
from apps.news.models.reading import Favourite, HitBatch
from apps.news.models.reviews import Finding, ProofPass, ReviewRound, ReviewStep, WordCheck
from apps.news.models.writing import Autosave, PreviewLink

__all__ = [
    "Article",
    "ArticleEvent",
    "Attachment",
    "AttachmentEvent",
    "AttachmentWords",
    "Autosave",
    "Column",
    "ColumnRight",
    "Favourite",
    "Finding",
    "HitBatch",
    "IntakeReport",
    "MediaAsset",
    "MediaRendition",
    "MediaUse",
    "PreviewLink",
    "ProofPass",
    "Publication",
    "ReviewRound",
    "ReviewStep",
    "Revision",
    "WordCheck",
]
