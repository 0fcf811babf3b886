#!/usr/bin/env bash
# Builds minivm guided by a profile, as CPython is released (its configure's --enable-optimizations), and prints where it is.
# The profile is that of the programs below programs/, which are tests; what is timed is not among them.
#
# Needs `rustup component add llvm-tools`.
set -euo pipefail
cd "$(dirname "$0")/.."

target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/guided
profdata=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin/llvm-profdata
if [ ! -x "$profdata" ]; then
    echo "guided.sh: this toolchain has no llvm-profdata: rustup component add llvm-tools" >&2
    exit 1
fi
rm -rf "$target/profile"

echo "building what notes where it spends its time" >&2
RUSTFLAGS="-Cprofile-generate=$target/profile" \
    cargo build --quiet --package minivm --profile interpreter --target-dir "$target/noting"

ran=0
for program in programs/*.pyc; do
    # Some end with an error, as they should.
    "$target/noting/interpreter/minivm" "$program" </dev/null >/dev/null 2>&1 || true
    ran=$((ran + 1))
done
echo "$ran programs ran; building with what was noted" >&2
"$profdata" merge -o "$target/merged.profdata" "$target/profile"
RUSTFLAGS="-Cprofile-use=$target/merged.profdata" \
    cargo build --quiet --package minivm --profile interpreter --target-dir "$target/used"

echo "$target/used/interpreter/minivm"
