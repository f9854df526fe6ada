"""What comes in as an image leaves as a fresh one, or is refused with a reason."""

import io

import pytest
from PIL import Image

from apps.common.files import FileBroken, FileTooBig, FileTypeRefused, ImageTooLarge, image_clean
from tests.factories.pictures import jpeg, png, png_bomb


def exif_with_gps() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "PhoneMaker"
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x0112] = 6  # lies on its side
    return exif.tobytes()


def test_metadata_is_gone_and_the_picture_stands_upright():
    clean = image_clean(stream=io.BytesIO(jpeg(64, 48, exif=exif_with_gps())))

    picture = Image.open(io.BytesIO(clean.data))
    assert dict(picture.getexif()) == {}
    assert b"PhoneMaker" not in clean.data
    assert (clean.width, clean.height) == (48, 64)


def test_a_png_with_transparency_becomes_a_jpeg_on_white():
    clean = image_clean(stream=io.BytesIO(png()))

    assert Image.open(io.BytesIO(clean.data)).format == "JPEG"
    assert clean.content_type == "image/jpeg"


def test_a_large_photo_is_scaled_and_gets_a_thumbnail():
    clean = image_clean(stream=io.BytesIO(jpeg(4000, 3000)))

    assert (clean.width, clean.height) == (2560, 1920)
    assert Image.open(io.BytesIO(clean.thumb)).size == (480, 360)


@pytest.mark.parametrize(
    "data",
    [
        b"<html><script>alert(1)</script></html>",
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b"%PDF-1.7",
        b"",
        b"GIF89a",
        b"\xff\xd8\xff",
    ],
)
def test_what_is_no_picture_is_refused_whatever_its_name(data):
    with pytest.raises((FileTypeRefused, FileBroken)):
        image_clean(stream=io.BytesIO(data))


def test_html_behind_a_picture_does_not_survive():
    clean = image_clean(stream=io.BytesIO(jpeg() + b"<script>alert(1)</script>"))

    assert b"script" not in clean.data


def test_a_truncated_png_is_refused():
    with pytest.raises(FileBroken):
        image_clean(stream=io.BytesIO(png(400, 400)[:-40]))


def test_a_bomb_is_refused_from_its_header():
    with pytest.raises(ImageTooLarge) as refused:
        image_clean(stream=io.BytesIO(png_bomb()))

    assert refused.value.facts == {"limit_megapixels": 40}


def test_more_than_ten_megabytes_are_refused_without_reading_further():
    class Endless(io.RawIOBase):
        read_bytes = 0

        def read(self, size: int = -1) -> bytes:
            Endless.read_bytes += size
            return b"\0" * size

    with pytest.raises(FileTooBig):
        image_clean(stream=Endless())

    assert Endless.read_bytes == 10 * 1024 * 1024 + 1
