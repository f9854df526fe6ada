"""Paths below /api/v1/."""

from django.urls import path

from apps.accounts.api import upload_views, views
from apps.common.api.public_cache import public_cached

urlpatterns = [
    path("auth/wechat", views.SignInView.as_view(), name="auth-wechat"),
    path("auth/refresh", views.RefreshView.as_view(), name="auth-refresh"),
    path("auth/logout", views.LogoutView.as_view(), name="auth-logout"),
    path("me", views.MeView.as_view(), name="me"),
    path("me/profile", views.ProfileView.as_view(), name="me-profile"),
    path("me/phone", views.PhoneView.as_view(), name="me-phone"),
    path("me/consents", views.ConsentsView.as_view(), name="me-consents"),
    path(
        "me/consents/<str:purpose>/withdraw", views.ConsentWithdrawView.as_view(), name="me-consent-withdraw"
    ),
    path("me/access-log", views.AccessLogView.as_view(), name="me-access-log"),
    path("privacy", views.PrivacyView.as_view(), name="privacy"),
    path("uploads", upload_views.UploadView.as_view(), name="uploads"),
    path(
        "streets",
        public_cached(upload_views.StreetsView.as_view(), namespace="reference", max_age_s=3600),
        name="streets",
    ),
]
