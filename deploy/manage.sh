#!/bin/sh
# Run a manage.py command on a production host as the units do: their user, their environment, their folder. As root:
#   deploy/manage.sh migrate
# systemd reads /etc/qingshan/env, so that no shell interprets what stands in it.
set -eu
if [ -t 0 ] && [ -t 1 ]; then
    how=--pty
else
    how=--pipe
fi
exec systemd-run --quiet --wait --collect "$how" \
    --uid=qingshan --gid=qingshan \
    --property=WorkingDirectory=/opt/qingshan \
    --property=EnvironmentFile=/etc/qingshan/env \
    --property=UMask=0027 \
    --property=NoNewPrivileges=yes \
    /opt/qingshan/.venv/bin/python manage.py "$@"
