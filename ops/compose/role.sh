#!/bin/sh
# Runs once, in the empty database: the site's role is no superuser.
set -eu
psql --set=ON_ERROR_STOP=1 --set=password="$SITE_PASSWORD" <<'SQL'
CREATE ROLE bookmyshow LOGIN PASSWORD :'password';
CREATE DATABASE bookmyshow OWNER bookmyshow;
SQL
