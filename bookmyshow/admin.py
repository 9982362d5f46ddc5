"""The admin's name, and the small marks its lists share."""

from django.contrib import admin

admin.site.site_header = "BookMyShow"
admin.site.site_title = "BookMyShow staff"
admin.site.index_title = "Behind the counter"
