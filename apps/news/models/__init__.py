"""Rows of the news."""

from apps.news.models.articles import Article, ArticleEvent, Revision
from apps.news.models.columns import Column, ColumnRight
from apps.news.models.media import MediaAsset, MediaRendition, MediaUse
from apps.news.models.publications import Publication
from apps.news.models.reviews import Finding, ProofPass, ReviewRound, ReviewStep

__all__ = [
    "Article",
    "ArticleEvent",
    "Column",
    "ColumnRight",
    "Finding",
    "MediaAsset",
    "MediaRendition",
    "MediaUse",
    "ProofPass",
    "Publication",
    "ReviewRound",
    "ReviewStep",
    "Revision",
]
