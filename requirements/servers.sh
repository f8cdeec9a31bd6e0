#!/bin/sh
# Sees to it that the tests have real servers: an MQTT broker, gpsd, a D-Bus for the radio, a store that speaks InfluxDB, and FUSE
# for a disk that loses what was not synced. Without a way to install them, the tests that need them skip and say so; under CI=true
# that is a failure.
set -u

missing() {
    for server in mosquitto gpsd dbus-daemon victoria-metrics; do
        command -v "$server" >/dev/null || printf '%s ' "$server"
    done
    command -v fusermount3 >/dev/null || printf 'fuse3 '
}

wanted=$(missing)
if [ -z "$wanted" ]; then
    exit 0
fi

if [ "$(id -u)" -eq 0 ]; then
    as_root="env"
elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    as_root="sudo"
else
    as_root=""
fi

install() {
    $as_root apt-get -qq update
    # shellcheck disable=SC2086 # several packages
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $wanted
}

# Debian's gpsd starts by itself and takes every receiver that is plugged in, VictoriaMetrics takes port 8428; the tests start
# their own.
keep_quiet() {
    [ -d /run/systemd/system ] || return 0
    case "$wanted" in *gpsd*) $as_root systemctl --quiet mask --now gpsd.socket gpsd.service gpsdctl@.service ;; esac
    case "$wanted" in *victoria-metrics*) $as_root systemctl --quiet mask --now victoria-metrics.service ;; esac
}

if [ -n "$as_root" ] && command -v apt-get >/dev/null; then
    echo "Installing ${wanted}for the tests …"
    install && keep_quiet
fi

wanted=$(missing)
if [ -z "$wanted" ]; then
    exit 0
fi
echo "Missing and could not be installed; do it by hand: apt-get install $wanted" >&2
if [ "${CI:-}" = "true" ]; then
    exit 1
fi
echo "The tests that need them will be skipped." >&2
