from datetime import datetime

from django.contrib.sitemaps import Sitemap
from django.db.models import QuerySet
from django.urls import reverse

from movies.models import Movie


class HomeSitemap(Sitemap):
    changefreq = "hourly"
    priority = 1.0

    def items(self) -> list[str]:
        return ["listings:home"]

    def location(self, item: str) -> str:
        return reverse(item)


class FilmSitemap(Sitemap):
    changefreq = "daily"
    limit = 5000

    def items(self) -> QuerySet[Movie]:
        return Movie.objects.catalogue().only("slug", "updated_at").order_by("pk")

    def lastmod(self, item: Movie) -> datetime:
        return item.updated_at


SITEMAPS: dict[str, type[Sitemap]] = {"home": HomeSitemap, "films": FilmSitemap}
