"""The media library at its doors: the public one, the desk's pages, the editor's picker."""

import io
import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from apps.news import media_selectors
from apps.news.models import MediaAsset
from tests.factories.articles import article_drafted
from tests.factories.media import body_with, files_stored, halves, picture_changed, picture_file, picture_kept


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


# --- The public door ------------------------------------------------------------------------------------------------


def test_a_size_is_sent_with_a_strong_tag_and_not_again_to_who_has_it(editor):
    asset = picture_kept(editor)
    url = media_selectors.media_url(upload_id=asset.upload_id, name="list")

    answer = Client().get(url)

    picture = Image.open(io.BytesIO(b"".join(answer.streaming_content)))
    assert (picture.format, picture.size) == ("WEBP", (480, 320))
    assert {name: answer[name] for name in ("Content-Type", "Cache-Control", "X-Content-Type-Options", "Content-Security-Policy")} == {
        "Content-Type": "image/webp", "Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }  # fmt: skip
    again = Client().get(url, headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", answer["ETag"])
    picture_changed(asset, focal_x=0.0)
    assert Client().get(url, headers={"If-None-Match": answer["ETag"]}).status_code == 200


@pytest.mark.parametrize("tail", ["huge.webp", "list.svg", "list.jpeg", "list", "../list.webp"])
def test_a_size_that_there_is_not_is_404(editor, tail):
    asset = picture_kept(editor)

    assert Client().get(f"/media/public/{asset.upload_id}/{tail}").status_code == 404
    assert Client().get(f"/media/public/{asset.upload_id}").status_code == 200
    assert Client().get(f"/media/public/{asset.upload_id}/list.jpg")["Content-Type"] == "image/jpeg"


# --- The desk -------------------------------------------------------------------------------------------------------


def test_an_editor_adds_a_picture_and_moves_its_focal_point(editor, desk):
    client = desk(editor)
    added = client.post(
        reverse("admin:news_mediaasset_add"),
        {"file": picture_file(), "title": "江滩", "alt": "步道", "caption": "", "credit": "张三摄"},
    )
    asset = MediaAsset.objects.get()
    assert (added.status_code, asset.uploaded_by, asset.credit, asset.renditions.count()) == (
        302,
        editor,
        "张三摄",
        8,
    )

    url = reverse("admin:news_mediaasset_change", args=[asset.pk])
    page = client.get(url).content.decode()
    assert f'src="/media/public/{asset.upload_id}/body.webp"' in page
    form = {"title": "江滩", "alt": "步道", "caption": "", "credit": "", "focal_x": "0.25", "focal_y": "0.75"}
    assert client.post(url, form | {"seen_version": 1}).status_code == 302
    stale = client.post(url, form | {"seen_version": 1, "title": "旧页"})

    asset.refresh_from_db()
    assert (stale.status_code, asset.title, asset.focal_x, asset.focal_y, asset.version) == (
        200,
        "江滩",
        0.25,
        0.75,
        2,
    )


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"alt": ""}, "alt"),
        ({"decorative": "on"}, "alt"),
        ({"file": None}, "file"),
        ({"file": b"<svg/>"}, "file"),
    ],
)
def test_a_form_that_lacks_something_says_so_at_the_field_and_nothing_is_kept(editor, desk, given, field):
    form = {"file": picture_file(), "title": "江滩", "alt": "步道", "caption": "", "credit": ""} | given
    if isinstance(form["file"], bytes):
        form["file"] = picture_file(form["file"])
    form = {name: value for name, value in form.items() if value is not None}

    answer = desk(editor).post(reverse("admin:news_mediaasset_add"), form)

    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == [field]
    assert (MediaAsset.objects.count(), files_stored()) == (0, [])


def test_several_files_are_kept_one_by_one_and_a_refusal_says_why(editor, desk):
    client, url = desk(editor), reverse("admin:news_mediaasset_keep")
    assert client.get(reverse("admin:news_mediaasset_several")).status_code == 200

    kept = client.post(url, {"file": picture_file(), "title": "一", "alt": "步道"})
    refused = client.post(url, {"file": picture_file(), "title": "二", "alt": ""})
    empty = client.post(url, {"title": "三", "alt": "x"})

    asset = MediaAsset.objects.get()
    assert (kept.status_code, kept.json()["id"], kept.json()["title"]) == (201, str(asset.id), "一")
    assert (refused.status_code, refused.json()["code"]) == (400, "media_alt_needed")
    assert (empty.status_code, empty.json()["code"]) == (400, "file_missing")


def test_the_picker_finds_pictures_by_their_words_newest_first(editor, desk):
    picture_kept(editor)
    plain = picture_kept(
        editor, halves(300, 100), title="花边", alt="", decorative=True, caption="图说", credit="张三摄"
    )

    answer = desk(editor).get(reverse("admin:news_mediaasset_picker"))

    assert [row["title"] for row in answer.json()["results"]] == ["花边", "江滩步道"]
    assert answer.json()["results"][0] == {
        "id": str(plain.id), "title": "花边", "alt": "", "decorative": True, "caption": "图说", "credit": "张三摄",
        "thumb": f"/media/public/{plain.upload_id}/square.webp", "src": f"/media/public/{plain.upload_id}/body.webp",
        "width": 300, "height": 100,
    }  # fmt: skip
    found = desk(editor).get(reverse("admin:news_mediaasset_picker"), {"q": "江边"}).json()
    assert ([row["title"] for row in found["results"]], found["more"]) == (["江滩步道"], False)


def test_the_picker_shows_24_at_a_time(editor, desk):
    for number in range(26):
        picture_kept(editor, halves(60, 40), title=f"步道{number}")
    url = reverse("admin:news_mediaasset_picker")

    first, second, odd = (desk(editor).get(url, {"page": page}).json() for page in ("0", "1", "x"))

    assert (len(first["results"]), first["more"], len(second["results"]), second["more"]) == (
        24,
        True,
        2,
        False,
    )
    assert odd == first


def test_the_picker_and_the_list_take_as_many_queries_for_20_pictures_as_for_2(editor, desk):
    client, counts = desk(editor), []
    for many in (2, 18):
        for n in range(many):
            picture_kept(editor, halves(60, 40), title=str(n))
        for name in ("picker", "changelist"):
            with CaptureQueriesContext(connection) as context:
                assert client.get(reverse(f"admin:news_mediaasset_{name}")).status_code == 200
            counts.append(len(context))

    assert counts[:2] == counts[2:]


def test_the_list_tells_what_is_used_and_what_is_not(editor, desk):
    used, loose = picture_kept(editor), picture_kept(editor, title="闲图")
    article_drafted(body_html=body_with(used))
    url = reverse("admin:news_mediaasset_changelist")

    def titles(**query):
        return [asset.title for asset in desk(editor).get(url, query).context["cl"].result_list]

    assert titles(used="yes") == ["江滩步道"]
    assert titles(used="no") == ["闲图"]
    assert titles(q="闲") == [loose.title]


def test_deleting_several_reports_each_row(editor, desk):
    used, loose = picture_kept(editor), picture_kept(editor, title="闲图")
    article_drafted(body_html=body_with(used))
    client, url = desk(editor), reverse("admin:news_mediaasset_delete_several")
    ids = f"{used.id},{loose.id},kaputt"
    begun = client.post(
        reverse("admin:news_mediaasset_changelist"),
        {"action": "delete_begin", "_selected_action": [used.id, loose.id]},
    )
    assert (begun.status_code, begun["Location"].startswith(f"{url}?ids=")) == (302, True)
    assert client.get(url, {"ids": ids}).status_code == 200
    assert MediaAsset.objects.count() == 2

    outcomes = client.post(url, {"ids": ids}).context["outcomes"]

    assert {(one.row.title, one.done) for one in outcomes} == {("江滩步道", False), ("闲图", True)}
    assert list(MediaAsset.objects.values_list("title", flat=True)) == ["江滩步道"]


def test_one_picture_is_deleted_after_a_question_and_not_while_it_is_used(editor, desk):
    used, loose = picture_kept(editor), picture_kept(editor, title="闲图")
    article_drafted(body_html=body_with(used))

    for asset in (used, loose):
        url = reverse("admin:news_mediaasset_delete", args=[asset.pk])
        assert desk(editor).get(url).status_code == 200
        desk(editor).post(url, {"post": "yes"})

    assert list(MediaAsset.objects.values_list("title", flat=True)) == ["江滩步道"]


@pytest.mark.parametrize("role", ["reviewer_first", "intake_clerk"])
def test_only_editors_write_to_the_library(editor, staff, desk, role):
    asset = picture_kept(editor)
    client = desk(staff(role))
    posts = {
        reverse("admin:news_mediaasset_keep"): {"file": picture_file(), "title": "一", "alt": "x"},
        reverse("admin:news_mediaasset_add"): {"file": picture_file(), "title": "一", "alt": "x"},
        reverse("admin:news_mediaasset_change", args=[asset.pk]): {
            "title": "改",
            "alt": "x",
            "seen_version": 1,
        },
        reverse("admin:news_mediaasset_delete", args=[asset.pk]): {"post": "yes"},
        reverse("admin:news_mediaasset_delete_several"): {"ids": str(asset.pk)},
    }

    assert [client.post(url, form).status_code for url, form in posts.items()] == [403] * 5
    sees = 200 if role == "reviewer_first" else 403
    assert client.get(reverse("admin:news_mediaasset_picker")).status_code == sees
    assert MediaAsset.objects.values_list("title", "version").get() == ("江滩步道", 1)


def test_the_editor_of_an_article_knows_where_to_pick_pictures(editor, desk):
    page = desk(editor).get(reverse("admin:news_article_add"))

    widget = page.context["adminform"].form.fields["body_html"].widget
    config = json.loads(
        widget.get_context("body_html", "", {})["widget"]["attrs"]["data-django-prose-editor-configurable"]
    )
    assert config["extensions"]["Picture"]["pickerUrl"] == reverse("admin:news_mediaasset_picker")
    assert config["js_modules"] == ["/static/qingshan/editor-picture.js"]
