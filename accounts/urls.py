from django.contrib.auth import views as auth
from django.urls import path

from . import views
from .email.views import confirm_email_page, new_address_page, send_confirmation_link
from .forms import LogInForm
from .privacy import guest_views
from .push import views as push
from .two_factor.views import two_factor_codes, two_factor_page

app_name = "accounts"
urlpatterns = [
    path("signup/", views.signup, name="signup"),
    path("signup/check/<slug:field>/", views.signup_check, name="signup-check"),
    path(
        "login/",
        auth.LoginView.as_view(
            template_name="accounts/login.html",
            authentication_form=LogInForm,
            redirect_authenticated_user=True,
        ),
        name="login",
    ),
    path("two-factor/", two_factor_page, name="two-factor"),
    path("two-factor/codes/", two_factor_codes, name="two-factor-codes"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("confirm-email/<str:token>/", confirm_email_page, name="confirm-email"),
    path("new-email/<str:token>/", new_address_page, name="new-address"),
    path("profile/email/", views.email, name="email"),
    path("profile/send-link/", send_confirmation_link, name="send-confirmation-link"),
    path("profile/", views.profile, name="profile"),
    path("profile/password/", views.password, name="password"),
    path("profile/log-out-others/", views.log_out_others, name="log-out-others"),
    path("profile/export/", views.export, name="export"),
    path("push/subscribe/", push.subscribe, name="push-subscribe"),
    path("push/renew/", push.renew, name="push-renew"),
    path("push/<int:subscription_id>/change/", push.change, name="push-change"),
    path("push/remove/", push.remove, name="push-remove"),
    path("profile/delete/", views.delete, name="delete"),
    path("guest/export/", guest_views.export, name="guest-export"),
    path("guest/delete/", guest_views.delete, name="guest-delete"),
    path(
        "password-reset/",
        views.forgot_password,
        name="password-reset",
    ),
    path(
        "password-reset/sent/",
        auth.PasswordResetDoneView.as_view(template_name="accounts/password_reset_sent.html"),
        name="password-reset-sent",
    ),
    path(
        "password-reset/<uidb64>/<token>/",
        views.choose_new_password,
        name="password-reset-new",
    ),
    path(
        "password-reset/done/",
        auth.PasswordResetCompleteView.as_view(template_name="accounts/password_reset_done.html"),
        name="password-reset-done",
    ),
]
