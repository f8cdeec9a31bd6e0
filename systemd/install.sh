#!/bin/sh
# Puts the daemon on this box, goes back to the release before, or takes it away: `make install`, `make rollback`,
# `make uninstall`. Each may be run again at any time and then changes nothing more.
#
#   /opt/tagtrail/releases/0.1.0-3f2a…   one virtual environment per release; the last two are kept
#   /opt/tagtrail/current, previous      links to them; going back is a change of links
#   /etc/tagtrail                        settings and secrets: never written to, never removed
#   /var/lib/tagtrail                    the journal: never removed
set -eu

PYTHON=${PYTHON:-python3}
HOME_OF_ALL=/opt/tagtrail
CONFIG=/etc/tagtrail/tagtrail.yaml
here=$(dirname "$(readlink -f "$0")")
source=$(dirname "$here")

say() { printf '%s\n' "$1" "  $2"; }
fail() { say "$1" "$2" >&2; exit 1; }

wants_root() {
    [ "$(id -u)" -eq 0 ] || fail "This needs root: sudo make $1" "需要 root 权限：sudo make $1"
    command -v systemctl >/dev/null || fail "This box has no systemd: nothing was changed." "本机没有 systemd：未作任何改动。"
}

booted() { [ -d /run/systemd/system ]; }

# The same source is the same release: installing it again makes nothing anew.
release_name() {
    version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$source/pyproject.toml")
    content=$(cd "$source" && find drivers edge config simulators requirements pyproject.toml -type f ! -name '*.pyc' -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-10)
    printf '%s-%s' "$version" "$content"
}

# Made beside the others and complete only with its mark: a power cut in between leaves the old one in force.
make_release() {
    release=$HOME_OF_ALL/releases/$1
    [ ! -e "$release/complete" ] || return 0
    say "Installing release $1 …" "正在安装版本 $1 …"
    rm -rf "$release"
    mkdir -p "$HOME_OF_ALL/releases"
    "$PYTHON" "$source/requirements/make_venv.py" "$release"
    pip="$release/bin/python -m pip --disable-pip-version-check --no-input install --quiet"
    $pip --require-hashes --only-binary :all: -r "$source/requirements/box.txt" -r "$source/requirements/build.txt"
    $pip --no-deps --no-build-isolation "$source"
    if can_compile "$release"; then $pip --require-hashes -r "$source/requirements/input.txt"; fi
    : >"$release/complete"
    sync -f "$release"
}

# python-evdev, for scanners that type, has no ready-made builds.
can_compile() {
    command -v gcc >/dev/null &&
        "$1/bin/python" -c 'import os, sysconfig as s, sys; sys.exit(not os.path.exists(s.get_path("include") + "/Python.h"))'
}

# A release that cannot read this box's settings, or its journal, is never put in force.
settings_hold() {
    [ -e "$CONFIG" ] || return 0
    "$1/bin/tagtrail" check "$CONFIG" && return 0
    fail "Nothing was changed: $CONFIG does not hold for $(basename "$1")." "未作任何改动：$CONFIG 不适用于 $(basename "$1")。"
}

put_system_files() {
    install -D -m 0644 "$here/tagtrail.sysusers" /etc/sysusers.d/tagtrail.conf
    install -D -m 0644 "$here/tagtrail.tmpfiles" /etc/tmpfiles.d/tagtrail.conf
    install -D -m 0644 "$here/tagtrail.modules-load" /etc/modules-load.d/tagtrail.conf
    install -D -m 0644 "$here/60-tagtrail.rules" /etc/udev/rules.d/60-tagtrail.rules
    install -D -m 0644 "$here/tagtrail.service" /etc/systemd/system/tagtrail.service
    systemd-sysusers tagtrail.conf
    systemd-tmpfiles --create tagtrail.conf
    systemctl --quiet enable tagtrail.service
    booted || return 0
    systemctl daemon-reload
    # A container has neither devices nor modules of its own.
    systemctl --quiet restart systemd-modules-load.service || true
    if [ -S /run/udev/control ]; then
        udevadm control --reload && udevadm trigger --subsystem-match=gpio --subsystem-match=usb-serial || true
    fi
}

point() { ln -sfn "$2" "$HOME_OF_ALL/$1.new" && mv -T "$HOME_OF_ALL/$1.new" "$HOME_OF_ALL/$1"; }

put_in_force() {
    before=$(readlink "$HOME_OF_ALL/current" || true)
    if [ "$before" != "releases/$1" ]; then
        [ -z "$before" ] || point previous "$before"
        point current "releases/$1"
    fi
    install -d /usr/local/bin
    ln -sfn "$HOME_OF_ALL/current/bin/tagtrail" /usr/local/bin/tagtrail
}

forget_old_releases() {
    for old in "$HOME_OF_ALL"/releases/*; do
        link=releases/$(basename "$old")
        [ "$link" = "$(readlink "$HOME_OF_ALL/current")" ] || [ "$link" = "$(readlink "$HOME_OF_ALL/previous" || true)" ] ||
            rm -rf "$old"
    done
}

start_again() {
    booted && [ -e "$CONFIG" ] || return 0
    systemctl reset-failed tagtrail.service 2>/dev/null || true
    systemctl restart tagtrail.service || fail "It does not start: journalctl -u tagtrail" "无法启动，请看：journalctl -u tagtrail"
}

install_release() {
    wants_root install
    name=$(release_name)
    in_force=$(readlink "$HOME_OF_ALL/current" || true)
    make_release "$name"
    settings_hold "$HOME_OF_ALL/releases/$name"
    put_system_files
    put_in_force "$name"
    forget_old_releases
    if [ ! -e "$CONFIG" ]; then
        say "Installed. Now describe the site in $CONFIG (examples: $source/config/examples), then: systemctl start tagtrail" \
            "已安装。请在 $CONFIG 中描述现场（示例见 $source/config/examples），然后：systemctl start tagtrail"
    elif [ "$in_force" = "releases/$name" ] && systemctl --quiet is-active tagtrail.service; then
        say "Release $name is in force already." "版本 $name 已在运行。"
    else
        start_again
        say "Release $name is in force." "版本 $name 已生效。"
    fi
}

roll_back() {
    wants_root rollback
    previous=$(readlink "$HOME_OF_ALL/previous" || true)
    [ -n "$previous" ] || fail "There is no release before this one." "没有更早的版本可退回。"
    settings_hold "$HOME_OF_ALL/$previous"
    put_in_force "$(basename "$previous")"
    start_again
    say "Release $(basename "$previous") is in force again." "已退回版本 $(basename "$previous")。"
}

uninstall() {
    wants_root uninstall
    if booted; then systemctl --quiet stop tagtrail.service 2>/dev/null || true; fi
    systemctl --quiet disable tagtrail.service 2>/dev/null || true
    rm -rf "$HOME_OF_ALL"
    rm -f /usr/local/bin/tagtrail /etc/systemd/system/tagtrail.service /etc/udev/rules.d/60-tagtrail.rules \
        /etc/modules-load.d/tagtrail.conf /etc/tmpfiles.d/tagtrail.conf /etc/sysusers.d/tagtrail.conf
    if booted; then systemctl daemon-reload; fi
    say "Removed. Left where they are: /etc/tagtrail (settings, secrets), /var/lib/tagtrail (journal, signing key), the user tagtrail." \
        "已卸载。保留不动：/etc/tagtrail（配置与密钥）、/var/lib/tagtrail（日志库与签名密钥）、用户 tagtrail。"
    say "To give these up too: rm -r /etc/tagtrail /var/lib/tagtrail && userdel tagtrail" \
        "若确实不再需要：rm -r /etc/tagtrail /var/lib/tagtrail && userdel tagtrail"
}

case "${1:-}" in
    install) install_release ;;
    rollback) roll_back ;;
    uninstall) uninstall ;;
    *) fail "usage: $0 install|rollback|uninstall" "用法：$0 install|rollback|uninstall" ;;
esac
