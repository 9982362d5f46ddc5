"""The admin's name and frame; the models are registered by their apps."""

from django.contrib import admin

admin.site.site_header = "BookMyShow"
admin.site.site_title = "BookMyShow staff"
admin.site.index_title = "Behind the counter"
# Lists are wide; the way round is the front page and the breadcrumbs.
admin.site.enable_nav_sidebar = False
