#!/bin/sh
# The browser tests need Chromium. Install it by the system's package manager if that is possible without a password.
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
[ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ] && exit 0
[ -x "/Applications/Chromium.app/Contents/MacOS/Chromium" ] && exit 0

as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo -n"
if command -v apt-get >/dev/null 2>&1 && { [ -z "$as_root" ] || sudo -n true 2>/dev/null; }; then
    $as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq chromium fonts-liberation && exit 0
elif command -v dnf >/dev/null 2>&1 && { [ -z "$as_root" ] || sudo -n true 2>/dev/null; }; then
    $as_root dnf install -y -q chromium && exit 0
elif command -v brew >/dev/null 2>&1; then
    brew install --cask chromium && exit 0
fi
echo "Chromium is needed for the browser tests and could not be installed: install it (apt install chromium," >&2
echo "dnf install chromium, brew install --cask chromium) and run make test again." >&2
exit 1
