#!/bin/sh
# Sees to it that the tests have a real MQTT broker. Without a way to install one, the tests that need it
# skip and say so; under CI=true that is a failure.
set -u

if command -v mosquitto >/dev/null; then
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
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install mosquitto
}

if [ -n "$as_root" ] && command -v apt-get >/dev/null; then
    echo "Installing mosquitto for the tests …"
    if install && command -v mosquitto >/dev/null; then
        exit 0
    fi
fi

echo "mosquitto is missing and could not be installed; do it by hand: apt-get install mosquitto" >&2
if [ "${CI:-}" = "true" ]; then
    exit 1
fi
echo "The tests that need it will be skipped." >&2
