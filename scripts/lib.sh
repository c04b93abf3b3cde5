# Shared by the scripts beside it (sourced, not run): packages, builds, messages.
# shellcheck shell=bash
set -euo pipefail
# Without a locale of the user's, so that what tools print can be read by scripts.
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
logs=$root/build/log

say() { printf '==> %s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# packages_for PURPOSE...: the packages of scripts/packages for these purposes.
packages_for() {
  local purpose
  for purpose in "$@"; do
    sed -n "s/^$purpose: *//p" "$root/scripts/packages"
  done | tr -s ' ' '\n' | sort -u
}

# need PURPOSE...: installs what is missing. Costs one dpkg-query when nothing is.
need() {
  if ! command -v dpkg-query >/dev/null; then
    say "not a Debian system: taking for granted the packages of scripts/packages ($*)"
    return
  fi
  local wanted missing
  wanted=$(packages_for "$@")
  # shellcheck disable=SC2086
  missing=$(comm -23 <(echo "$wanted") <(installed $wanted))
  [ -n "$missing" ] || return 0
  # shellcheck disable=SC2086
  install_packages $missing
}

# dpkg-query fails when it does not know a name; its output still tells which ones are installed.
installed() {
  { dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true; } |
    sed -n 's/^installed //p' | sort -u
}

install_packages() {
  [ "$(id -u)" = 0 ] || die "missing packages; as root: apt-get install --no-install-recommends $*"
  say "installing $# packages with apt-get (log: build/log/apt.log): $*"
  mkdir -p "$logs"
  # A package that asks questions or starts a daemon must not stop or surprise anybody.
  echo 'postfix postfix/main_mailer_type select No configuration' |
    debconf-set-selections >/dev/null 2>&1 || true
  if { apt-get -q update && apt-get -q -y -o DPkg::Lock::Timeout=600 install --no-install-recommends "$@"; } \
    >"$logs/apt.log" 2>&1 </dev/null; then
    return
  fi
  tail -n 20 "$logs/apt.log" >&2 || true
  die "apt-get failed (the whole log: build/log/apt.log)"
}

# install_npm FROM INTO EFFECT: the packages that FROM's lock file names, into INTO. Where npm or the network
# is wanting it says so with EFFECT: only the tests that need them are skipped.
install_npm() {
  local from=$1 into=$2 effect=$3
  cmp -s "$from/package-lock.json" "$into/installed-by.json" && return 0
  command -v npm >/dev/null || (need npm) || true
  command -v npm >/dev/null || { say "no npm: $effect"; return 0; }
  say "installing ${into##*/} with npm (log: build/log/npm.log)"
  rm -rf "$into"
  mkdir -p "$into" "$logs"
  cp "$from/package.json" "$from/package-lock.json" "$into/"
  local options=(--ignore-scripts --no-audit --no-fund --prefer-offline --fetch-retries=1)
  if (cd "$into" && timeout 300 npm ci "${options[@]}") >"$logs/npm.log" 2>&1 </dev/null; then
    cp "$from/package-lock.json" "$into/installed-by.json"
  else
    rm -rf "$into/node_modules"
    say "npm failed: $effect"
  fi
}

install_sdk() {
  install_npm "$root/tests/scenario/sdk" "$root/build/sdk" \
    "the test with the AWS SDK for JavaScript is skipped"
}

# As many compilers as there are cores, but each may need 1.5 GB.
jobs_for_build() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable/ {print int($2 / 1572864)}' /proc/meminfo)
  [ "$memory" -ge 1 ] || memory=1
  echo $((cores < memory ? cores : memory))
}

# build PRESET TARGET...: configures once, builds, shows progress by tenths; errors in full.
# Two scripts at once share a build tree, so they take turns.
build() {
  local preset=$1 log
  shift
  mkdir -p "$logs"
  log=$logs/build-$preset.log
  exec 9>"$logs/build-$preset.lock"
  flock 9
  # The build itself notices changed CMakeLists.txt, but not a changed preset.
  if ! cmp -s "$root/CMakePresets.json" "$root/build/$preset/configured-by.json"; then
    say "configuring preset $preset"
    (cd "$root" && cmake --preset "$preset") >"$log" 2>&1 || { tail -n 40 "$log" >&2; die "cmake failed"; }
    cp "$root/CMakePresets.json" "$root/build/$preset/configured-by.json"
  fi
  say "building preset $preset: $*"
  if ! (cd "$root" && cmake --build --preset "$preset" --parallel "$(jobs_for_build)" --target "$@") 2>&1 |
    tee "$log" | progress; then
    grep -v '^\[[0-9]*/[0-9]*\] ' "$log" | tail -n 60 >&2 || true
    die "the build of preset $preset failed (the whole log: build/log/build-$preset.log)"
  fi
  exec 9>&-
}

# Reads ninja's "[12/345] ..." and prints a line each tenth of the way.
progress() {
  local line done_ total tenth last=0
  while IFS= read -r line; do
    [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] || continue
    done_=${BASH_REMATCH[1]} total=${BASH_REMATCH[2]}
    tenth=$((done_ * 10 / total))
    if [ "$tenth" != "$last" ] && [ "$total" -ge 10 ]; then
      printf '    %3d%%  %d of %d\n' $((tenth * 10)) "$done_" "$total"
      last=$tenth
    fi
  done
}

# free_port FROM: the first port on loopback from there on at which nobody answers.
free_port() {
  local port=$1
  while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
  echo "$port"
}
