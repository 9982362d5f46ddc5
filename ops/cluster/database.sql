-- Once, on the leader, before the site's first `migrate`:
-- psql "host=10.0.0.11 user=postgres" -v password=… -f database.sql
CREATE ROLE bookmyshow LOGIN PASSWORD :'password';
CREATE DATABASE bookmyshow OWNER bookmyshow;
