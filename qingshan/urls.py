"""Every path of the project."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from apps.common import views
from apps.facilities import open_data
from apps.news import feeds, file_views, media_views, preview_views
from apps.news.api.urls import public
from apps.reports.metrics import metrics
from apps.wechat.api import push_views

urlpatterns = [
    # First, since these are asked for most: behind all others, finding the view took as long as its answer from memory.
    path("api/v1/", include("apps.news.api.urls")),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("media/signed/<str:token>", views.upload_file, name="upload-file"),
    path("media/public/<uuid:upload_id>", views.upload_public, name="upload-public"),
    path(
        "media/public/<uuid:upload_id>/<slug:name>.<slug:suffix>",
        media_views.media_rendition,
        name="media-rendition",
    ),
    path("media/attachments/<uuid:attachment_id>", file_views.attachment_public, name="attachment-public"),
    path("preview/<str:token>", preview_views.preview, name="article-preview"),
    path("feeds/articles.atom", public(feeds.articles_atom), name="feed-atom"),
    path("feeds/articles.json", public(feeds.articles_json), name="feed-json"),
    path("open-data/facilities.json", open_data.facilities_json, name="open-data-facilities-json"),
    path("open-data/facilities.csv", open_data.facilities_csv, name="open-data-facilities-csv"),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("wechat/push", push_views.wechat_push, name="wechat-push"),
    path("sms/receipts/<str:token>", push_views.sms_receipts, name="sms-receipts"),
    path("api/v1/", include("apps.wechat.api.urls")),
    path("api/v1/", include("apps.accounts.api.urls")),
    path("api/v1/", include("apps.notifications.api.urls")),
    path("api/v1/", include("apps.capacity.api.urls")),
    path("api/v1/", include("apps.facilities.api.urls")),
    path("api/v1/", include("apps.clinics.api.urls")),
    path("api/v1/", include("apps.schools.api.urls")),
    path("api/v1/", include("apps.feedback.api.urls")),
    path("api/v1/", include("apps.reports.api.urls")),
    path("open311/v2/", include("apps.feedback.open311.urls")),
]

handler404 = "apps.common.api.plain_errors.not_found"
handler500 = "apps.common.api.plain_errors.server_error"
handler400 = "apps.common.api.plain_errors.bad_request"
