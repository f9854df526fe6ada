# shellcheck shell=bash
# Sourced by backup.sh and restore.sh: from DATABASE_URL to libpq's variables, so that no password stands on a command
# line where "ps" shows it.

postgres_environment() {
    : "${DATABASE_URL:?DATABASE_URL is not set}"
    local lines
    lines=$(python3 - <<'PY'
import os, shlex, sys
from urllib.parse import unquote, urlsplit

parts = urlsplit(os.environ["DATABASE_URL"])
if parts.scheme not in ("postgres", "postgresql"):
    sys.exit("DATABASE_URL takes a postgres:// address.")
values = {
    "PGHOST": parts.hostname, "PGPORT": parts.port and str(parts.port), "PGUSER": parts.username and unquote(parts.username),
    "PGPASSWORD": parts.password and unquote(parts.password), "PGDATABASE": unquote(parts.path.lstrip("/")),
}
for name, value in values.items():
    if value:
        print(f"export {name}={shlex.quote(value)}")
PY
    )
    eval "$lines"
}
