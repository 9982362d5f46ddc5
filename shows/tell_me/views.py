"""Pages of "Notify me": the button's form, the mailed links, and what a person waits for."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from limits import parse

from accounts.errors import LinkNotValid
from accounts.models import User
from accounts.requests import AuthenticatedRequest, safe_next
from bookmyshow.core.email_key import email_key
from bookmyshow.core.rate_limits import Limit, count_attempt, count_attempt_by_address
from bookmyshow.core.security import keep_address_secret
from bookmyshow.core.time import database_now
from movies.models import Movie

from . import services
from .forms import AskForm
from .links import user_of_stop_link, wish_of_link
from .models import FilmWish

# Each of these may send a mail, so the limits are also those of the mails that a stranger can make
# us send to one address.
ASKS_FROM_ADDRESS = Limit("tell-me-address", parse("30 per hour"))
ASKS_FOR_EMAIL = Limit("tell-me-email", parse("5 per day"))
ASKS_OF_ACCOUNT = Limit("tell-me-account", parse("60 per hour"))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask to be told about a film. A page of its own, for a form that has errors."""
    movie = get_object_or_404(Movie, slug=slug, archived_at=None)
    if services.bookable_shows(movie_id=movie.pk, city="", at=database_now()).exists():
        messages.info(request, f"Good news: tickets for {movie.title} are on sale.")
        return redirect(movie)
    account = request.user if isinstance(request.user, User) else None
    form = AskForm(request.POST if request.method == "POST" else None, user=account)
    if not form.is_valid():
        context = {"movie": movie, "form": form}
        status = 422 if form.is_bound else 200
        return render(request, "shows/tell_me/ask.html", context, status=status)
    user = _asking(request, account, form.cleaned_data.get("email", ""))
    wish = services.ask(user=user, movie=movie, city=form.cleaned_data.get("city", ""))
    messages.success(request, _answer(wish, user))
    return redirect(movie)


def _asking(request: HttpRequest, account: User | None, email: str) -> User:
    """Count the try, and find whose wish it is. Raises RateLimited."""
    if account is not None:
        count_attempt(ASKS_OF_ACCOUNT, account.pk)
        return account
    count_attempt_by_address(ASKS_FROM_ADDRESS, request)
    count_attempt(ASKS_FOR_EMAIL, email_key(email))
    return services.guest_with(email)


def _answer(wish: FilmWish, user: User) -> str:
    """The same for a guest who waits already: a stranger must not learn who waits for what."""
    if wish.confirmed_at and not user.is_guest:
        return f"We’ll write to {user.email} as soon as {wish.movie.title} can be booked."
    return (
        f"One more step: open the mail that we sent to {user.email} and press its button. "
        "Confirmed it before? Then there is nothing to do."
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The page of the mailed link. A button confirms, because mail scanners follow links too."""
    try:
        wish = wish_of_link(token)
        is_done = wish.confirmed_at is not None
        if request.method == "POST":
            wish, is_done = services.confirm(token=token, request=request), True
    except LinkNotValid:
        return _private(render(request, "shows/tell_me/confirm.html", {}, status=410))
    context = {"wish": wish, "movie": wish.movie, "is_done": is_done}
    return _private(render(request, "shows/tell_me/confirm.html", context))


# Mail programs post here without a cookie (RFC 8058). The token is the permission.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """The page of the link in each mail: what the person waits for, and buttons to stop."""
    try:
        user = user_of_stop_link(token)
    except LinkNotValid:
        return _private(render(request, "shows/tell_me/waiting.html", {}, status=410))
    return _private(_waiting(request, user))


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def waiting(request: AuthenticatedRequest) -> HttpResponse:
    """What an account waits for."""
    return _waiting(request, request.user)


def _waiting(request: HttpRequest, user: User) -> HttpResponse:
    if request.method == "POST":
        film = request.POST.get("film", "")
        is_id = film.isdecimal() and len(film) <= 18
        if film and not is_id:
            raise Http404("no such film")
        services.stop(user=user, movie_id=int(film) if is_id else None)
        messages.success(request, "Done. You get no more mail about that.")
        return redirect(safe_next(request) or request.path)
    wishes = FilmWish.objects.filter(user=user, told_at=None).with_film()
    context = {"person": user, "wishes": wishes.order_by("movie__title")}
    return render(request, "shows/tell_me/waiting.html", context)


def _private(response: HttpResponse) -> HttpResponse:
    """The address has a token: it must get into no search and no other site's log."""
    keep_address_secret(response)
    return response
