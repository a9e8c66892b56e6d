#!/bin/sh
# hy-outer-global-proxy-test, sa-extlbtest0-bgp0.hy01: written by dygateway, do not edit.
#
# What this load balancer needs before keepalived and OSPF start: kernel settings, local addresses on em1.
# To be run at boot, and by hand when a sync says so; a second run changes nothing.
set -u
PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin
here=$(cd "$(dirname "$0")" && pwd) || exit 1

failed=0
sysctl -q -p "$here/sysctl.conf" || failed=1

wanted="
10.0.19.227
10.0.19.228
10.0.19.229
10.0.19.230
10.0.19.231
10.0.19.232
10.0.19.233
10.0.19.234
10.0.19.235
10.0.19.236
10.0.19.237
10.0.19.238
10.0.19.239
10.0.19.240
10.0.19.241
10.0.19.242
10.0.19.243
10.0.19.244
10.0.19.245
10.0.19.246
10.0.19.247
10.0.19.248
10.0.19.249
10.0.19.250
10.0.19.251
10.0.19.252
10.0.19.253
10.0.19.254
"
state=/run/dygateway-vip
mkdir -p "$state"

# What an earlier release has put there and this one has not: another load balancer may have it now.
if [ -f "$state/local_addresses" ]; then
  while read -r address device; do
    case "$device $wanted" in
      "em1 "*"
$address
"*) ;;
      *) ip addr del "$address/32" dev "$device" 2>/dev/null ;;
    esac
  done <"$state/local_addresses"
fi
for address in $wanted; do echo "$address em1"; done >"$state/local_addresses"
for address in $wanted; do
  ip addr replace "$address/32" dev em1 || failed=1
done
exit $failed
