#!/bin/sh
# Runs once, when the database server is new. The site's role is not a superuser.
set -eu
psql --set=ON_ERROR_STOP=1 --set=password="$SITE_PASSWORD" <<'SQL'
CREATE ROLE bookmyshow LOGIN PASSWORD :'password';
CREATE DATABASE bookmyshow OWNER bookmyshow;
SQL
