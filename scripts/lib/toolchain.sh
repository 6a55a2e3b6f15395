# Sourced by every script here. Installs the pinned tools into a cache outside the tree and says
# where they are. A machine needs rustup's Rust, any Node with npm, and a C compiler; the rest is
# fetched from the registries that cargo and npm are set up for.
#
# Every tool has a folder named after its exact version. It is built under another name and renamed
# when complete, so a folder that exists is whole, and an interrupted install leaves only rubbish.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CACHE=${SHOPBELL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/shopbell}
export WORKER_BUILD_VERSION=0.8.7
export SHOPBELL_ROOT=$ROOT SHOPBELL_CACHE=$CACHE

say() { printf '%s\n' "$*" >&2; }

# die WHAT WHERE WHY DO: the four things a person needs to go on.
die() {
  say "error: $1"
  say "  where: $2"
  say "  why:   $3"
  say "  do:    $4"
  exit 1
}

# step TEXT COMMAND...: runs a long command quietly; its output appears only when it fails.
step() {
  local text=$1 began=$SECONDS log
  shift
  log=$(mktemp "${TMPDIR:-/tmp}/shopbell-step.XXXXXX")
  say "$text ..."
  if "$@" >"$log" 2>&1 </dev/null; then
    say "$text: done in $((SECONDS - began)) s"
    rm -f "$log"
    return 0
  fi
  tail -n 25 "$log" >&2
  say "$text: failed after $((SECONDS - began)) s; all of its output is in $log"
  return 1
}

# with_lock NAME COMMAND...: one at a time. Without flock (macOS) two may work at once:
# that wastes time and nothing else, because the rename at the end decides.
with_lock() {
  local lock=$CACHE/locks/$1
  shift
  mkdir -p "$CACHE/locks"
  if command -v flock >/dev/null; then
    (
      flock -n 9 || { say "waiting for another script that holds $lock ..."; flock 9; }
      "$@" 9>&-
    ) 9>"$lock"
  else
    "$@"
  fi
}

# put_in_place TEMP FINAL: the atomic end of an install.
put_in_place() {
  mkdir -p "$(dirname "$2")"
  mv -T "$1" "$2" 2>/dev/null || { [[ -d $2 ]] || mv "$1" "$2"; }
  rm -rf "$1"
}

need_rust() {
  command -v cargo >/dev/null && command -v rustc >/dev/null ||
    die "cargo is missing" "PATH" "Shopbell is written in Rust" "install Rust with rustup, then run this again"
  local libdir
  libdir=$(rustc --target wasm32-unknown-unknown --print target-libdir 2>/dev/null)
  [[ -d $libdir ]] && return
  command -v rustup >/dev/null ||
    die "the target wasm32-unknown-unknown is missing" "$(rustc --print sysroot)" \
      "this Rust did not come from rustup, so the target cannot be added here" \
      "install the wasm32 standard library of your distribution, or use rustup's Rust"
  step "adding the target wasm32-unknown-unknown" rustup target add wasm32-unknown-unknown ||
    die "the target wasm32-unknown-unknown could not be added" "rustup" "see above; most often there is no network" \
      "run: rustup target add wasm32-unknown-unknown"
}

# The npm tools: Node 22, wrangler, esbuild, wasm-opt, and playwright-core for the page's tests.
need_npm_tools() {
  local key
  key=$(cksum <"$ROOT/scripts/tools/package-lock.json" | tr ' ' '-')-$(uname -s)-$(uname -m)
  NPM_TOOLS=$CACHE/npm/$key
  if [[ ! -d $NPM_TOOLS ]]; then
    command -v npm >/dev/null && command -v node >/dev/null ||
      die "node or npm is missing" "PATH" "wrangler and workerd come from npm" "install any Node (18 or newer) with npm, then run this again"
    with_lock npm install_npm_tools || exit 1
  fi
  export NODE NPM_TOOLS
  NODE=$NPM_TOOLS/node
  export PATH=$NPM_TOOLS:$NPM_TOOLS/node_modules/.bin:$PATH
}

install_npm_tools() {
  [[ -d $NPM_TOOLS ]] && return
  local temp=$NPM_TOOLS.part-$$ platform
  rm -rf "$CACHE"/npm/*.part-*
  mkdir -p "$temp"
  cp "$ROOT/scripts/tools/package.json" "$ROOT/scripts/tools/package-lock.json" "$temp/"
  # Install scripts stay off: every binary comes in a package of its own platform. Not `npm ci`: it
  # insists on a lock entry for each platform, also for those that a registry mirror does not have.
  step "installing wrangler, workerd, esbuild, wasm-opt and Node 22" \
    npm install --prefix "$temp" --ignore-scripts --no-audit --no-fund --loglevel=error ||
    die "npm could not install the tools" "scripts/tools/package-lock.json" "see above; most often there is no network" \
      "check 'npm ping' and run this again"
  platform=$(node -p 'process.platform + "-" + process.arch')
  [[ -x $temp/node_modules/node-$platform/bin/node ]] ||
    die "there is no Node 22 for $platform" "scripts/tools/package.json" "wrangler needs Node 22.12 or newer" \
      "use Linux or macOS on x64 or arm64"
  ln -s "node_modules/node-$platform/bin/node" "$temp/node"
  "$temp/node" "$temp/node_modules/esbuild/bin/esbuild" --version >/dev/null &&
    "$temp/node" "$temp/node_modules/workerd/bin/workerd" --version >/dev/null ||
    die "esbuild or workerd does not start" "$temp" "their platform packages are missing or do not fit this machine" \
      "on musl (Alpine) use a glibc system; else remove $CACHE/npm and run this again"
  put_in_place "$temp" "$NPM_TOOLS"
}

# For the tests only: what reads prints back (PDFium, ZBar) and fonts to print with.
need_print_tools() {
  local key
  key=$(cksum <"$ROOT/scripts/tools/print/package-lock.json" | tr ' ' '-')
  PRINT_TOOLS=$CACHE/print/$key
  [[ -d $PRINT_TOOLS ]] || with_lock print install_print_tools || exit 1
  export PRINT_TOOLS
}

install_print_tools() {
  [[ -d $PRINT_TOOLS ]] && return
  local temp=$PRINT_TOOLS.part-$$
  rm -rf "$CACHE"/print/*.part-*
  mkdir -p "$temp"
  cp "$ROOT/scripts/tools/print/package.json" "$ROOT/scripts/tools/print/package-lock.json" "$temp/"
  step "installing PDFium, ZBar and fonts for the tests of prints" \
    npm ci --prefix "$temp" --ignore-scripts --no-audit --no-fund --loglevel=error ||
    die "npm could not install what reads prints back" "scripts/tools/print/package-lock.json" \
      "see above; most often there is no network" "check 'npm ping' and run this again"
  put_in_place "$temp" "$PRINT_TOOLS"
}

need_worker_build() {
  need_crate worker-build "$WORKER_BUILD_VERSION"
  WORKER_BUILD=$CRATE_DIR/bin/worker-build
}

# wasm-bindgen's command must have exactly the version of the library in Cargo.lock.
need_wasm_bindgen() {
  local version
  version=$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/[^0-9.]/, ""); print; exit }' "$ROOT/Cargo.lock")
  [[ -n $version ]] || die "no version of wasm-bindgen" "Cargo.lock" "the command must match the library" "run: cargo update -p wasm-bindgen"
  if [[ ! -d $CACHE/cargo/wasm-bindgen-cli-$version ]] && prebuilt_wasm_bindgen "$version"; then
    return # worker-build downloads the finished binary itself, and keeps it
  fi
  need_crate wasm-bindgen-cli "$version"
  export WASM_BINDGEN_BIN=$CRATE_DIR/bin/wasm-bindgen
}

# Can worker-build download wasm-bindgen? Three seconds to find out save a minute and a half.
prebuilt_wasm_bindgen() {
  command -v curl >/dev/null &&
    curl --silent --fail --head --location --max-time 3 --output /dev/null \
      "https://github.com/wasm-bindgen/wasm-bindgen/releases/tag/$1"
}

# Flags under which rustc writes the same bytes wherever the tree, cargo's home and the registry's
# mirror are; joined by the character that CARGO_ENCODED_RUSTFLAGS wants.
remapped_paths() {
  local home=${CARGO_HOME:-$HOME/.cargo} flags folder
  flags=--remap-path-prefix=$ROOT=/shopbell
  [[ ${CARGO_TARGET_DIR-} ]] && flags+=$'\x1f'--remap-path-prefix=$CARGO_TARGET_DIR=/shopbell/target
  for folder in "$home"/registry/src/*/; do
    [[ -d $folder ]] && flags+=$'\x1f'--remap-path-prefix=${folder%/}=/cargo
  done
  printf '%s' "$flags"
}

# need_crate NAME VERSION: sets CRATE_DIR.
need_crate() {
  CRATE_DIR=$CACHE/cargo/$1-$2
  [[ -d $CRATE_DIR ]] || with_lock "cargo-$1" install_crate "$1" "$2" || exit 1
}

install_crate() {
  [[ -d $CRATE_DIR ]] && return
  local temp=$CRATE_DIR.part-$$
  rm -rf "$CRATE_DIR".part-*
  mkdir -p "$temp"
  step "building $1 $2 (about two minutes, once)" cargo_install "$1" "$2" "$temp" ||
    die "$1 $2 could not be built" "cargo install" "see above; most often there is no network or no C compiler" \
      "check that 'cargo search serde' answers and that 'cc' exists, and run this again"
  put_in_place "$temp" "$CRATE_DIR"
}

# Unoptimised on purpose: the tools' own speed hardly matters, their build time does. From the cache
# folder, without this project's cargo settings. With the tool's own lock file if possible, without
# it where a registry mirror lags behind that.
cargo_install() {
  local locked
  for locked in --locked ""; do
    (cd "$3" && env -u CARGO_TARGET_DIR -u CARGO_BUILD_TARGET -u RUSTFLAGS -u CARGO_ENCODED_RUSTFLAGS \
      CARGO_PROFILE_DEV_DEBUG=0 cargo install --debug $locked --root "$3" --version "=$2" "$1") && return
  done
  return 1
}

# For the tests only: a browser of the system.
need_test_programs() {
  local missing=()
  command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
  ((${#missing[@]})) || return 0
  if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    step "installing ${missing[*]} with apt-get" \
      sh -c "apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends ${missing[*]}" && return
  fi
  die "${missing[*]} missing" "PATH" "the tests open the phone page" \
    "install it (Debian: apt-get install ${missing[*]}; macOS: brew install --cask chromium)"
}
