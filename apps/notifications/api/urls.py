"""Paths below /api/v1/."""

from django.urls import path

from apps.notifications.api import views

urlpatterns = [
    path("inbox", views.InboxView.as_view(), name="inbox"),
    path("inbox/unread-count", views.UnreadCountView.as_view(), name="inbox-unread-count"),
    path("inbox/read", views.InboxReadView.as_view(), name="inbox-read"),
    path("subscriptions", views.SubscriptionsView.as_view(), name="subscriptions"),
    path("wechat/templates", views.TemplatesView.as_view(), name="wechat-templates"),
    path("wechat/grants", views.GrantsView.as_view(), name="wechat-grants"),
]
