#!/bin/sh
# hy-outer-global-proxy-test, sa-extlbtest0-bgp0.hy01: written by dygateway, do not edit.
#
#   vip_hook.sh up VIP PORT      keepalived has enough real servers for this port of the VIP
#   vip_hook.sh down VIP PORT    it has not
#   vip_hook.sh reset            no port is up: before keepalived starts, and after it has ended
#
# A VIP is on lo, and so announced by OSPF, while at least one of its ports is up: one flag a port, and a lock a VIP
# under which lo is made what the flags say. Two opposite changes of a VIP within 1.2 s would take OSPF
# 5 to 10 s to spread, so the second one waits, and is none if it was taken back meanwhile. Flags of before a reboot
# do not count.
set -u
umask 022
PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin
LC_ALL=C
export LC_ALL
# keepalived ends its scripts when it ends, systemd all of a service: what has begun, such as the withdrawal of a VIP that
# waits for its time, is finished all the same.
trap '' HUP INT TERM
state=/run/dygateway-vip
damping=120

fail() {
  logger -t dygateway-vip "$1" 2>/dev/null
  echo "vip_hook.sh: $1" >&2
  exit 1
}

# Hundredths of a second since the machine started: a clock that nobody sets.
now() {
  read -r uptime _ </proc/uptime
  echo "${uptime%.*}${uptime#*.}"
}

forget_other_boots() {
  read -r boot </proc/sys/kernel/random/boot_id
  mkdir -p "$state" || fail "$state cannot be made"
  (
    flock 9 || fail "$state cannot be locked"
    known=
    [ ! -f "$state/boot" ] || read -r known <"$state/boot"
    if [ "$known" != "$boot" ]; then
      rm -rf "$state/vips"
      echo "$boot" >"$state/boot"
    fi
    mkdir -p "$state/vips"
  ) 9>"$state/lock" || fail "$state cannot be written"
}

is_wanted() {
  for flag in "$state/vips/$1"/port.*; do
    [ -e "$flag" ] && return 0
  done
  return 1
}

is_there() { [ -n "$(ip -o -4 addr show dev lo to "$1/32")" ]; }

put() {
  dpip addr add "$1/32" dev em1 >/dev/null 2>&1
  ip addr add "$1/32" dev lo
}

take_away() {
  ip addr del "$1/32" dev lo || return 1
  dpip addr del "$1/32" dev em1 >/dev/null 2>&1
  return 0
}

# Whoever is last to get the lock makes it as the flags are then, so the order of those who wait does not matter.
settle() {
  (settle_locked "$1") 9>"$state/vips/$1/lock" || exit 1
}

settle_locked() {
  flock 9 || fail "$1 cannot be locked"
  agrees "$1" && return 0
  changed=0
  [ ! -f "$state/vips/$1/changed" ] || read -r changed <"$state/vips/$1/changed"
  rest=$((changed + damping - $(now)))
  if [ "$changed" -gt 0 ] && [ "$rest" -gt 0 ]; then
    sleep "$(printf '%d.%02d' $((rest / 100)) $((rest % 100)))" 2>/dev/null || sleep 2
    agrees "$1" && return 0
  fi
  if is_wanted "$1"; then put "$1"; else take_away "$1"; fi || fail "$1 is not changed on lo"
  now >"$state/vips/$1/changed"
}

agrees() {
  if is_wanted "$1"; then is_there "$1"; else ! is_there "$1"; fi
}

usage() { fail "usage: vip_hook.sh up|down VIP PORT, or reset; not: $*"; }

case "${1-} ${2-} ${3-}" in
  *[!a-z0-9.\ ]*) usage "$*" ;;
esac
forget_other_boots
case "${1-}:$#" in
  up:3 | down:3)
    case "$2" in
      [0-9]*.[0-9]*.[0-9]*.[0-9]*) ;;
      *) usage "$*" ;;
    esac
    mkdir -p "$state/vips/$2" || fail "$state cannot be written"
    if [ "$1" = up ]; then
      echo up >"$state/vips/$2/port.$3" || fail "$state cannot be written"
    else
      rm -f "$state/vips/$2/port.$3"
    fi
    settle "$2"
    ;;
  reset:1)
    # Those of this release, should they be there without a folder, and those of earlier ones.
    mkdir -p "$state/vips/60.28.208.1"
    mkdir -p "$state/vips/60.28.208.2"
    for folder in "$state/vips"/*/; do
      [ -d "$folder" ] || continue
      rm -f "$folder"port.*
      settle "$(basename "$folder")" &
    done
    wait
    ;;
  *) usage "$*" ;;
esac
