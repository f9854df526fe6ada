#!/usr/bin/env bash
# Back up the database and the pictures into a new folder below the one given:
#   deploy/backup.sh /var/backups/qingshan
# Needs DATABASE_URL and MEDIA_ROOT (qingshan-backup.service gives them), pg_dump of the server's version or newer, tar and
# python3. Keeps BACKUPS_KEPT days (default 30). The keys (/etc/qingshan/env) are NOT in it: without FIELD_KEYS a backup
# shows no phone, address or openid, so keep a copy of the keys elsewhere. The texts of cases are readable in it: keep it
# encrypted and away from this host.
set -euo pipefail
umask 077

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/postgres_environment.sh
. "$here/postgres_environment.sh"

if [ $# -ne 1 ] || [ ! -d "$1" ]; then
    echo "usage: ${0##*/} FOLDER   (an existing folder)" >&2
    exit 2
fi
: "${MEDIA_ROOT:?MEDIA_ROOT is not set}"
postgres_environment

place=$(cd "$1" && pwd)
name=qingshan-$(date -u +%Y%m%dT%H%M%SZ)
work=$place/.$name.part
trap 'rm -rf "$work"' EXIT
mkdir "$work"

# The database first: a picture's file is written before its row, so each row of the dump finds its file in what is
# packed afterwards (but for loose uploads that the hourly purge takes in between).
pg_dump --format=custom --compress=6 --no-owner --no-privileges --file="$work/database.dump"

status=0
tar --create --gzip --file="$work/media.tar.gz" --directory="$MEDIA_ROOT" --warning=no-file-changed . || status=$?
if [ "$status" -gt 1 ]; then # 1: a file went away while it was read
    echo "tar ended with $status" >&2
    exit 1
fi

# What the drill compares: rows that are never deleted.
psql --no-psqlrc --tuples-only --no-align --field-separator=' ' --set=ON_ERROR_STOP=1 >"$work/counts" <<'SQL'
SELECT 'cases', count(*) FROM feedback_case
UNION ALL SELECT 'timeline', count(*) FROM feedback_timelineentry
UNION ALL SELECT 'residents', count(*) FROM accounts_resident
UNION ALL SELECT 'articles', count(*) FROM news_article
ORDER BY 1;
SQL
(cd "$work" && sha256sum database.dump media.tar.gz counts >SHA256SUMS)
mv "$work" "$place/$name"

find "$place" -mindepth 1 -maxdepth 1 -type d -name 'qingshan-*Z' -mtime "+${BACKUPS_KEPT:-30}" -exec rm -rf {} +
du -sh "$place/$name"
