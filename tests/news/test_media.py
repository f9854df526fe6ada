"""The media library: pictures, their sizes and words, where they are used, who may what."""

import datetime as dt
import io
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from PIL import Image

from apps.accounts.states import Role
from apps.common import clock
from apps.common.files import FileTypeRefused
from apps.common.models import Upload
from apps.common.uploads import uploads_purge
from apps.news import media_selectors, services
from apps.news.errors import (
    FocalPointOutside,
    MediaAltNeeded,
    MediaChanged,
    MediaNotFound,
    MediaTextInvalid,
    MediaUsed,
)
from apps.news.models import Article, MediaAsset, MediaRendition, MediaUse, Revision
from apps.news.renditions import crop_box
from apps.news.services.media import media_delete, media_uses_write
from tests.factories.articles import article_drafted, article_published, desk_make
from tests.factories.media import asset_make, body_with, files_stored, halves, picture_changed, picture_kept
from tests.factories.pictures import jpeg


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


# --- Sizes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("focal", "box"),
    [
        ((0.5, 0.5), (250, 0, 750, 500)),
        ((0.0, 0.0), (0, 0, 500, 500)),
        ((1.0, 1.0), (500, 0, 1000, 500)),
        ((0.3, 0.9), (50, 0, 550, 500)),
    ],
)
def test_a_crop_keeps_its_focal_point_as_near_to_the_middle_as_the_edges_let(focal, box):
    assert crop_box(width=1000, height=500, ratio=1, focal_x=focal[0], focal_y=focal[1]) == box


def test_a_picture_is_kept_in_four_sizes_and_two_formats(editor):
    asset = picture_kept(editor)

    rows = MediaRendition.objects.filter(asset=asset).order_by("-width", "format")
    assert [(row.name, row.format, row.width, row.height) for row in rows] == [
        ("wide", "jpeg", 1280, 640), ("wide", "webp", 1280, 640), ("body", "jpeg", 750, 375), ("body", "webp", 750, 375),
        ("list", "jpeg", 480, 320), ("list", "webp", 480, 320), ("square", "jpeg", 240, 240), ("square", "webp", 240, 240),
    ]  # fmt: skip
    for row in rows:
        with default_storage.open(row.path) as file:
            data = file.read()
        picture = Image.open(io.BytesIO(data))
        assert (picture.format, picture.size, len(data)) == (
            row.format.upper(),
            (row.width, row.height),
            row.size_bytes,
        )


def test_a_small_picture_is_never_enlarged(editor):
    asset = picture_kept(editor, halves(300, 100))

    sizes = dict.fromkeys(
        MediaRendition.objects.filter(asset=asset, format="webp").values_list("name", "width", "height")
    )
    assert set(sizes) == {("wide", 300, 100), ("body", 300, 100), ("list", 150, 100), ("square", 100, 100)}


def test_no_size_holds_where_the_photo_was_taken(editor):
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    exif.get_ifd(0x8825)[1] = "N"

    asset = picture_kept(editor, jpeg(800, 600, exif=exif.tobytes()))

    for path in [asset.upload.path, *asset.renditions.values_list("path", flat=True)]:
        with default_storage.open(path) as file:
            assert dict(Image.open(file).getexif()) == {}


def test_what_is_in_the_library_is_not_purged_as_left_over(editor):
    asset = picture_kept(editor)

    assert uploads_purge(now=clock.now() + dt.timedelta(days=2)) == 0
    assert Upload.objects.filter(id=asset.upload_id, attached_to=asset.id).exists()


def test_another_focal_point_makes_other_crops_and_the_old_files_go(
    editor, django_capture_on_commit_callbacks
):
    asset = picture_kept(editor)
    before = dict(asset.renditions.values_list("id", "path"))
    with default_storage.open(asset.renditions.get(name="square", format="jpeg").path) as file:
        assert Image.open(file).getpixel((5, 120))[0] > 150  # the middle: red at the left

    with django_capture_on_commit_callbacks(execute=True):
        changed = picture_changed(asset, focal_x=1.0)

    with default_storage.open(asset.renditions.get(name="square", format="jpeg").path) as file:
        assert Image.open(file).getpixel((5, 120))[2] > 150  # blue all over
    after = dict(asset.renditions.values_list("id", "path"))
    gone = set(before.values()) - set(after.values())
    assert (changed.version, len(gone), len(after)) == (2, 4, 8)
    assert [path for path in before.values() if not default_storage.exists(path)] == sorted(
        gone, key=list(before.values()).index
    )
    assert all(default_storage.exists(path) for path in after.values())


# --- Words ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ({"alt": " "}, MediaAltNeeded),
        ({"decorative": True}, MediaAltNeeded),
        ({"title": ""}, MediaTextInvalid),
        ({"alt": "长" * 201}, MediaTextInvalid),
        ({"credit": "长" * 61}, MediaTextInvalid),
    ],
)
def test_a_picture_without_its_words_is_refused_and_nothing_is_kept(editor, words, refused):
    with pytest.raises(refused) as error:
        picture_kept(editor, **words)

    assert error.value.status == 400
    assert (MediaAsset.objects.count(), Upload.objects.count(), files_stored()) == (0, 0, [])


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><p>",
        b"<?xml version='1.0'?><a/>",
        b"%PDF-1.7",
    ],
)
def test_a_file_that_is_no_photo_is_refused_and_nothing_is_kept(editor, data):
    with pytest.raises(FileTypeRefused):
        picture_kept(editor, data)

    assert (MediaAsset.objects.count(), Upload.objects.count(), files_stored()) == (0, 0, [])


@pytest.mark.parametrize("changed", [{"alt": ""}, {"decorative": True}, {"focal_x": 1.5}, {"focal_y": -0.1}])
def test_the_database_keeps_a_picture_from_having_no_words_or_a_point_outside(editor, changed):
    asset = picture_kept(editor)

    with pytest.raises(IntegrityError), transaction.atomic():
        MediaAsset.objects.filter(id=asset.id).update(**changed)


@pytest.mark.parametrize("point", [{"focal_x": -0.01}, {"focal_y": 1.01}, {"focal_x": float("nan")}])
def test_a_focal_point_outside_is_refused_and_nothing_is_written(editor, point):
    asset = picture_kept(editor)

    with pytest.raises(FocalPointOutside):
        picture_changed(asset, **point)

    assert MediaAsset.objects.values_list("focal_x", "focal_y", "version").get() == (0.5, 0.5, 1)


def test_a_stale_change_is_refused_and_nothing_is_written(editor):
    asset = picture_kept(editor)
    picture_changed(asset, title="新题")

    with pytest.raises(MediaChanged):
        picture_changed(asset, title="旧页上的题", seen_version=1)

    assert MediaAsset.objects.values_list("title", "version").get() == ("新题", 2)


# --- Uses and deletion ----------------------------------------------------------------------------------------------


def test_saving_an_article_writes_down_which_pictures_it_shows(editor):
    first, second = picture_kept(editor), picture_kept(editor, title="二")
    article = article_drafted(body_html=body_with(first) + body_with(first))
    assert list(MediaUse.objects.values_list("asset", "article", "revision_id", "place")) == [
        (first.id, article.id, None, "body")
    ]

    media_uses_write(article_id=article.id, html=body_with(second), cover_asset_id=first.id)
    revision = uuid4()
    media_uses_write(article_id=article.id, html=body_with(second), cover_asset_id=None, revision_id=revision)

    assert sorted(MediaUse.objects.values_list("asset__title", "place", "revision_id"), key=str) == sorted(
        [("二", "body", None), ("江滩步道", "cover", None), ("二", "body", revision)], key=str
    )
    assert media_selectors.asset_uses(asset_id=second.id) == [
        {"article_id": article.id, "title": "稿件", "now": True, "versions": 1}
    ]


def test_the_uses_are_written_in_as_many_queries_for_one_picture_as_for_ten(
    editor, django_assert_num_queries
):
    asset = picture_kept(editor)
    article = article_drafted()
    others = "".join(body_with(picture_kept(editor, halves(60, 40), title=str(n))) for n in range(9))

    for html in (body_with(asset), body_with(asset) + others):
        with django_assert_num_queries(5):  # three statements and the transaction's two
            media_uses_write(article_id=article.id, html=html, cover_asset_id=None)
    assert MediaUse.objects.count() == 10


def test_a_picture_that_the_library_does_not_hold_is_named(editor):
    article, stranger = article_drafted(), uuid4()

    missing = media_uses_write(
        article_id=article.id, html=f'<img src="/media/public/{stranger}" alt="x">', cover_asset_id=None
    )

    assert (missing, MediaUse.objects.count()) == ([stranger], 0)


def test_a_picture_of_a_version_that_was_published_stays_in_use(db):
    asset = asset_make()
    people = desk_make()
    article = article_published(desk=people, body_html=body_with(asset))
    services.article_revise(article_id=article.id, staff=people[Role.EDITOR], now=clock.now())
    stored = Article.objects.get(pk=article.pk)
    stored.body_html = "<p>没有图。</p>"
    services.article_save(
        article=stored, staff=people[Role.EDITOR], seen_version=stored.version, now=clock.now()
    )

    assert list(MediaUse.objects.values_list("revision_id", flat=True)) == [Revision.objects.get().pk]
    with pytest.raises(MediaUsed):
        media_delete(asset_id=asset.pk)


_DELETED_ANYHOW = """
WITH sizes AS (DELETE FROM news_mediarendition WHERE asset_id = %s) DELETE FROM news_mediaasset WHERE id = %s
"""


def test_a_picture_in_use_is_not_deleted_by_the_service_nor_by_the_database(editor):
    asset = picture_kept(editor)
    article_drafted(body_html=body_with(asset))

    with pytest.raises(MediaUsed) as error:
        media_delete(asset_id=asset.id)
    assert error.value.status == 409
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="news_mediause"), transaction.atomic():
            cursor.execute(_DELETED_ANYHOW, [asset.id, asset.id])

    assert (MediaAsset.objects.count(), MediaRendition.objects.count(), len(files_stored())) == (1, 8, 10)


def test_a_deleted_picture_is_gone_with_its_sizes_and_files(editor, django_capture_on_commit_callbacks):
    asset = picture_kept(editor)
    assert len(files_stored()) == 10

    with django_capture_on_commit_callbacks(execute=True):
        media_delete(asset_id=asset.id)

    assert (
        MediaAsset.objects.count(),
        MediaRendition.objects.count(),
        Upload.objects.count(),
        files_stored(),
    ) == (
        0,
        0,
        0,
        [],
    )
    with pytest.raises(MediaNotFound):
        media_delete(asset_id=asset.id)


def test_a_picture_without_words_is_reported_unless_it_is_decorative(editor):
    plain, decorative = picture_kept(editor), picture_kept(editor, title="花边", alt="", decorative=True)
    stranger = uuid4()
    html = "".join(
        f'<img src="/media/public/{upload_id}" alt="">'
        for upload_id in (plain.upload_id, decorative.upload_id, stranger)
    )

    assert media_selectors.pictures_without_alt(html=html) == ["江滩步道", str(stranger)]
    assert media_selectors.pictures_without_alt(html=body_with(plain)) == []
