#!/bin/sh
# Builds what runs in and around a sandbox. The results are kept in the repository: users need no compiler.
# Debian: apt-get install gcc gcc-aarch64-linux-gnu
set -eu
cd "$(dirname "$0")"
flags='-Os -Wall -Wextra -Werror -std=c11 -ffreestanding -fno-stack-protector -fno-asynchronous-unwind-tables -fno-pic'
link='-nostdlib -static -no-pie -s -Wl,--build-id=none -Wl,-z,noseparate-code -Wl,-z,noexecstack'
x86_64-linux-gnu-gcc $flags -fcf-protection=none $link -o init-x64 init.c
aarch64-linux-gnu-gcc $flags -mno-outline-atomics $link -o init-arm64 init.c
x86_64-linux-gnu-gcc $flags -fcf-protection=none $link -o fork-x64 fork-x64.c
