#!/bin/sh
# Installs what the tests of pages and letters look with: a Chromium, and a typeface with Chinese. Without them those
# tests are skipped, so nothing that fails here fails the caller.
set -u

say() { printf 'browser: %s\n' "$1"; }

has_browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
has_typeface() { command -v fc-list && fc-list ':lang=zh' | grep -q .; }

if has_browser >/dev/null 2>&1 && has_typeface >/dev/null 2>&1; then
    exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
    say "install a Chromium and a typeface with Chinese (Noto Sans CJK) by your system's packages"
elif [ "$(id -u)" != 0 ]; then
    say "as root: apt-get install chromium fonts-noto-cjk"
else
    say "chromium and fonts-noto-cjk are installed"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -qq --yes --no-install-recommends chromium fonts-noto-cjk fontconfig; } \
        >/dev/null 2>&1 || say "that failed: the tests of pages will be skipped"
fi
exit 0
