#!/usr/bin/env bash
# Put a backup back into an EMPTY database and an EMPTY media folder, and check it:
#   deploy/restore.sh /var/backups/qingshan/qingshan-20261123T183000Z
# Needs DATABASE_URL and MEDIA_ROOT of the target, and FIELD_KEYS and the other keys of /etc/qingshan/env for the last check.
# It refuses a database that holds tables and a folder that holds files: it never overwrites.
set -euo pipefail
umask 027

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/postgres_environment.sh
. "$here/postgres_environment.sh"

if [ $# -ne 1 ] || [ ! -f "$1/SHA256SUMS" ]; then
    echo "usage: ${0##*/} BACKUP   (a folder that backup.sh made)" >&2
    exit 2
fi
: "${MEDIA_ROOT:?MEDIA_ROOT is not set}"
postgres_environment
backup=$(cd "$1" && pwd)

query() {
    psql --no-psqlrc --tuples-only --no-align --field-separator=' ' --set=ON_ERROR_STOP=1 --command="$1"
}

(cd "$backup" && sha256sum --check --quiet SHA256SUMS)
if [ "$(query "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")" -ne 0 ]; then
    echo "The database $PGDATABASE holds tables. Restore into a new one." >&2
    exit 1
fi
mkdir -p "$MEDIA_ROOT"
if [ -n "$(ls -A "$MEDIA_ROOT")" ]; then
    echo "$MEDIA_ROOT is not empty." >&2
    exit 1
fi

pg_restore --dbname="$PGDATABASE" --no-owner --no-privileges --single-transaction --exit-on-error "$backup/database.dump"
tar --extract --gzip --file="$backup/media.tar.gz" --directory="$MEDIA_ROOT" --no-same-owner

found=$(query "SELECT 'cases', count(*) FROM feedback_case
UNION ALL SELECT 'timeline', count(*) FROM feedback_timelineentry
UNION ALL SELECT 'residents', count(*) FROM accounts_resident
UNION ALL SELECT 'articles', count(*) FROM news_article
ORDER BY 1")
# The dump and the counts are taken a moment apart: the counts may be a little higher on a busy system.
echo "rows restored:"; echo "$found"
echo "rows counted after the dump:"; cat "$backup/counts"

triggers=$(query "SELECT count(*) FROM pg_trigger WHERE tgname LIKE '%\_append\_only'")
if [ "$triggers" -lt 3 ]; then
    echo "Only $triggers append-only triggers came back; there are 3." >&2
    exit 1
fi

missing=0
total=0
while read -r path; do
    total=$((total + 1))
    [ -f "$MEDIA_ROOT/$path" ] || missing=$((missing + 1))
done < <(query "SELECT path FROM common_upload WHERE attached_at IS NOT NULL")
echo "attached pictures: $total, missing files: $missing"
if [ "$missing" -ne 0 ]; then
    exit 1
fi

# Do the keys at hand open what was stored?
cd "$here/.."
python=.venv/bin/python
"$python" manage.py migrate --check
"$python" manage.py shell --no-imports --command "
from apps.accounts.models import Resident
row = Resident.objects.exclude(openid=None).first()
print('keys: no resident to try' if row is None else 'keys: fit')
"
echo "Restored and checked."
