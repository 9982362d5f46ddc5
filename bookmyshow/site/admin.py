"""The admin's title and layout. Each app registers its own models."""

from django.contrib import admin

admin.site.site_header = "BookMyShow"
admin.site.site_title = "BookMyShow staff"
admin.site.index_title = "Behind the counter"
# No sidebar, because lists need the whole width. The front page and the breadcrumbs are enough for
# navigation.
admin.site.enable_nav_sidebar = False
