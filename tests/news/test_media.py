"""The media library: words, sizes, the focal point, where pictures are used, what may be deleted."""

from __future__ import annotations

import io

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from PIL import Image

from apps.accounts.states import Role
from apps.common import clock
from apps.common.files import FileTypeRefused
from apps.common.models import Upload
from apps.news import services
from apps.news.errors import MediaAltNeeded, MediaChanged, MediaUsed
from apps.news.models import Article, MediaAsset, MediaRendition, MediaUse, Revision
from apps.news.renditions import crop_box
from apps.news.services.media import media_change, media_delete
from tests.factories.articles import article_drafted, article_published, desk_make
from tests.factories.media import asset_make
from tests.factories.pictures import jpeg


def wide_picture() -> io.BytesIO:
    """A picture that is red on its left half and blue on its right."""
    picture = Image.new("RGB", (1600, 400), (220, 20, 20))
    picture.paste((20, 20, 220), (800, 0, 1600, 400))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=95)
    out.seek(0)
    return out


def change(asset: MediaAsset, **changed) -> MediaAsset:
    values = {
        name: getattr(asset, name) for name in ("title", "alt", "decorative", "caption", "credit", "focal_x", "focal_y")
    }  # fmt: skip
    return media_change(asset_id=asset.pk, seen_version=asset.version, **(values | changed))


def body_with(asset: MediaAsset, alt: str = "江边的步道") -> str:
    return f'<p>文</p><img src="/media/public/{asset.upload_id}" alt="{alt}">'


@pytest.mark.parametrize(
    ("width", "height", "ratio", "focal", "wanted"),
    [
        (1600, 400, 1.0, (0.0, 0.5), (0, 0, 400, 400)),
        (1600, 400, 1.0, (1.0, 0.5), (1200, 0, 1600, 400)),
        (1600, 400, 1.0, (0.5, 0.5), (600, 0, 1000, 400)),
        (400, 1600, 1.0, (0.5, 0.25), (0, 200, 400, 600)),
        (300, 200, 1.5, (0.9, 0.9), (0, 0, 300, 200)),
    ],
)
def test_a_crop_is_as_large_as_it_can_be_and_keeps_its_point(width, height, ratio, focal, wanted):
    assert crop_box(width=width, height=height, ratio=ratio, focal_x=focal[0], focal_y=focal[1]) == wanted


def test_a_picture_is_kept_in_each_size_as_webp_and_jpeg_and_never_enlarged(db):
    asset = asset_make(stream=wide_picture())

    sizes = {(r.name, r.format): (r.width, r.height) for r in asset.renditions.all()}
    assert sizes == {
        ("wide", "webp"): (1280, 320), ("wide", "jpeg"): (1280, 320),
        ("body", "webp"): (750, 188), ("body", "jpeg"): (750, 188),
        ("list", "webp"): (480, 320), ("list", "jpeg"): (480, 320),
        ("square", "webp"): (240, 240), ("square", "jpeg"): (240, 240),
    }  # fmt: skip
    small = asset_make(stream=io.BytesIO(jpeg(100, 80)))
    assert {r.width for r in small.renditions.filter(name__in=["wide", "body"])} == {100}


def test_what_a_camera_wrote_into_the_picture_is_gone(db):
    exif = Image.Exif()
    exif[0x010F] = "SecretMaker"

    asset = asset_make(stream=io.BytesIO(jpeg(exif=exif.tobytes())))

    paths = [asset.upload.path, *asset.renditions.values_list("path", flat=True)]
    for path in paths:
        with default_storage.open(path) as file:
            assert b"SecretMaker" not in file.read()


@pytest.mark.django_db(transaction=True)
def test_another_focal_point_makes_the_crops_anew_and_the_old_files_go(whole_db):
    asset = asset_make(stream=wide_picture())
    old = asset.renditions.get(name="square", format="jpeg").path

    changed = change(asset, focal_x=0.0)

    fresh = changed.renditions.get(name="square", format="jpeg")
    assert fresh.path != old
    assert not default_storage.exists(old)
    with default_storage.open(fresh.path) as file:
        red, _green, blue = Image.open(file).convert("RGB").getpixel((120, 120))
    assert red > 150 > blue


@pytest.mark.parametrize(("alt", "decorative"), [("", False), ("步道", True), ("  ", False)])
def test_a_picture_has_words_or_is_decorative_and_never_both(db, alt, decorative):
    with pytest.raises(MediaAltNeeded):
        asset_make(alt=alt, decorative=decorative)
    assert not MediaAsset.objects.exists()
    assert not Upload.objects.exists()


def test_the_database_says_so_too(db):
    asset = asset_make()

    with pytest.raises(IntegrityError, match="media_asset_alt_or_decorative"), transaction.atomic():
        MediaAsset.objects.filter(pk=asset.pk).update(alt="")
    with pytest.raises(IntegrityError, match="media_asset_focal_inside"), transaction.atomic():
        MediaAsset.objects.filter(pk=asset.pk).update(focal_x=1.2)


@pytest.mark.parametrize(
    "raw", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html></html>", b"%PDF-1.4", b""]
)
def test_what_is_no_picture_is_refused_and_nothing_is_kept(db, raw):
    with pytest.raises(FileTypeRefused):
        asset_make(stream=io.BytesIO(raw))
    assert not MediaAsset.objects.exists()


def test_a_stale_change_is_refused(db):
    asset = asset_make()
    change(asset, title="新")

    with pytest.raises(MediaChanged):
        change(asset, title="更新")
    assert MediaAsset.objects.get().title == "新"


def test_a_picture_in_use_is_not_deleted_not_even_by_the_database(db):
    asset = asset_make()
    article = article_drafted(body_html=body_with(asset))
    assert list(MediaUse.objects.values_list("article_id", "place")) == [(article.pk, "body")]

    with pytest.raises(MediaUsed):
        media_delete(asset_id=asset.pk)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError), transaction.atomic():
        MediaAsset.objects.filter(pk=asset.pk)._raw_delete("default")

    assert MediaAsset.objects.filter(pk=asset.pk).exists()


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


@pytest.mark.django_db(transaction=True)
def test_an_unused_picture_goes_with_all_its_files(whole_db):
    asset = asset_make()
    paths = [asset.upload.path, asset.upload.thumb_path, *asset.renditions.values_list("path", flat=True)]

    media_delete(asset_id=asset.pk)

    assert not MediaAsset.objects.exists()
    assert not MediaRendition.objects.exists()
    assert [path for path in paths if default_storage.exists(path)] == []


def test_several_deletions_report_each_row(db, editor, desk):
    used, free = asset_make(title="在用"), asset_make(title="闲置")
    article_drafted(body_html=body_with(used))
    url = reverse("admin:news_mediaasset_delete_several")

    answer = desk(editor).post(url, {"ids": f"{used.pk},{free.pk}"})

    assert {one.title: one.done for one in answer.context["outcomes"]} == {"在用": False, "闲置": True}


@pytest.mark.parametrize("suffix", ["webp", "jpg"])
def test_the_public_gets_each_size_inert_and_with_an_etag(db, client, suffix):
    asset = asset_make()
    url = f"/media/public/{asset.upload_id}/square.{suffix}"

    first = client.get(url)
    again = client.get(url, headers={"If-None-Match": first["ETag"]})

    assert (first.status_code, again.status_code) == (200, 304)
    assert first["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert first["X-Content-Type-Options"] == "nosniff"
    assert client.get(f"/media/public/{asset.upload_id}/huge.{suffix}").status_code == 404


DOORS = ["changelist", "add", "picker", "several", "delete_several"]


@pytest.mark.parametrize("door", DOORS)
def test_the_library_opens_to_the_desk_only(db, clerk, desk, client, door):
    url = reverse(f"admin:news_mediaasset_{door}")

    assert desk(clerk).get(url).status_code == 403
    assert client.get(url).status_code == 302


def test_the_picker_finds_by_words_and_pages(db, editor, desk):
    for number in range(26):
        asset_make(title=f"步道{number}", staff=editor)
    asset_make(title="厂房", alt="老厂房", staff=editor)
    url = reverse("admin:news_mediaasset_picker")

    first = desk(editor).get(url).json()
    found = desk(editor).get(url, {"q": "厂房"}).json()

    assert (len(first["results"]), first["more"]) == (24, True)
    assert [row["title"] for row in found["results"]] == ["厂房"]
    assert desk(editor).get(url, {"page": "x"}).status_code == 200
