#!/bin/sh
# Makes LiveChat's roles and its database. PostgreSQL's container runs it when it makes its files.
set -eu

psql --set=ON_ERROR_STOP=1 --set=app="$LIVECHAT_PASSWORD" --set=owner="$LIVECHAT_OWNER_PASSWORD" \
    --username="${POSTGRES_USER:-postgres}" --dbname=postgres <<'SQL'
CREATE ROLE livechat_app NOLOGIN;
CREATE ROLE livechat_owner LOGIN PASSWORD :'owner' IN ROLE livechat_app;
CREATE ROLE livechat LOGIN PASSWORD :'app' IN ROLE livechat_app;
CREATE DATABASE livechat OWNER livechat_owner;
SQL
