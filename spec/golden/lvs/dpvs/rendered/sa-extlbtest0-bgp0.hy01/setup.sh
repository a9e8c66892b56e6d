#!/bin/sh
# hy-outer-global-proxy-test, sa-extlbtest0-bgp0.hy01: written by dygateway, do not edit.
#
# What this load balancer needs before keepalived and OSPF start: kernel settings.
# To be run at boot, and by hand when a sync says so; a second run changes nothing.
set -u
PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin
here=$(cd "$(dirname "$0")" && pwd) || exit 1

failed=0
sysctl -q -p "$here/sysctl.conf" || failed=1
exit $failed
