# Runs on a load balancer over ssh, under whatever sh is there; beside it only tar, coreutils, find and sed are needed.
# Set before it: action, root, release, dialect, keep, paths. An archive may follow it on standard input.
#
# Answers in lines, `word rest`; the last one is `done`, or `fail CODE reason`. Releases are put in place whole:
#
#   $root/releases/DIGEST/   everything, never changed once it is there (DIGEST-N: again, where the first was damaged)
#   $root/current            the release in use, a link; readers that follow it once see one release
#   $root/previous           the one before
#   $root/incoming.PID/      what is arriving
#   $root/lock               a link to the process that works here
set -u
umask 022
LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
root=${DYGATEWAY_LVS_ROOT:-$root}
incoming=$root/incoming.$$
locked=

fail() {
  printf 'fail %s ' "$1"
  printf '%s' "$2" | tr '\n' '|'
  echo
  exit 9
}

# --- the lock -------------------------------------------------------------------------------------------------------

# A process that ended has its number reused: the time it started tells them apart.
started() {
  read -r line 2>/dev/null <"/proc/$1/stat" || return 1
  line=${line##*) }
  set -- $line
  echo "${20}"
}

lock() {
  me=$$.$(started $$) || fail system "there is no /proc"
  mkdir -p "$root/releases" || fail disk "$root/releases cannot be made"
  if ! ln -sn "$me" "$root/lock" 2>/dev/null; then
    holder=$(readlink "$root/lock") || fail disk "$root/lock cannot be made"
    [ "$(started "${holder%.*}")" != "${holder#*.}" ] || fail busy "process ${holder%.*} works on $root"
    # Its session was cut. Of several that see it, one moves it away; who moved a new one puts it back.
    mv -T "$root/lock" "$root/lock.$$" 2>/dev/null || fail busy "somebody else works on $root"
    if [ "$(readlink "$root/lock.$$")" != "$holder" ]; then
      mv -T "$root/lock.$$" "$root/lock"
      fail busy "somebody else works on $root"
    fi
    rm -f "$root/lock.$$"
    ln -sn "$me" "$root/lock" 2>/dev/null || fail busy "somebody else works on $root"
  fi
  locked=1
  # Left by sessions that were cut; nobody else is here now.
  rm -rf "$root"/incoming.*
}

leave() {
  [ -n "$locked" ] || return 0
  rm -rf "$incoming"
  rm -f "$root/lock"
}
trap leave EXIT
trap 'exit 8' HUP INT TERM PIPE

# --- releases -------------------------------------------------------------------------------------------------------

sum_of() { sha256sum <"$1" | cut -d ' ' -f 1; }

# Is a folder exactly what its manifest says, and the manifest the one of that digest? A file more would be no
# release of ours; a file less, half of one.
is_whole() {
  [ "$(sum_of "$1/MANIFEST" 2>/dev/null)" = "$2" ] || return 1
  (
    cd "$1" || exit 1
    sha256sum -c MANIFEST >/dev/null 2>&1 || exit 1
    [ "$(sed 's/^[0-9a-f]*  //' MANIFEST | sort)" = "$(find . -type f | sed 's,^\./,,' | grep -vx MANIFEST | sort)" ] || exit 1
    [ -z "$(find . ! -type f ! -type d)" ]
  )
}

name_of() {
  link=$(readlink "$root/$1" 2>/dev/null) || return 0
  echo "${link#releases/}"
}
digest_of() { echo "${1%%-*}"; }

# The only place where what is in use changes: a rename.
point() {
  ln -sfn "releases/$2" "$root/$1.new" && mv -T "$root/$1.new" "$root/$1" || fail disk "$root/$1 cannot be set"
}

# Files before the names that lead to them, so that a power failure leaves no empty release in use.
to_disk() { sync -f "$root" 2>/dev/null || sync; }

prune() {
  kept=0
  current=$(name_of current)
  previous=$(name_of previous)
  for name in $(ls -1t "$root/releases"); do
    [ "$name" != "$current" ] && [ "$name" != "$previous" ] || continue
    kept=$((kept + 1))
    [ "$kept" -le "$keep" ] || rm -rf "$root/releases/$name"
  done
}

judge() {
  echo "step checking"
  is_whole "$incoming" "$release" || fail incomplete "what arrived is not what was sent"
  if [ "$dialect" != alibaba ] && command -v keepalived >/dev/null; then
    options=-t
    [ "$dialect" != mainline ] || options="-e -t"
    said=$(keepalived $options -f "$incoming/keepalived.conf" 2>&1 >/dev/null)
    code=$?
    [ "$code" = 0 ] || fail refused "keepalived ends with $code: $said"
    [ "$dialect" != mainline ] || [ -z "$said" ] || fail refused "keepalived: $said"
  fi
  if [ -f "$incoming/frr.conf" ] && command -v vtysh >/dev/null; then
    said=$(vtysh -C -f "$incoming/frr.conf" 2>&1) || fail refused "vtysh: $said"
  fi
}

install() {
  lock
  mkdir "$incoming" || fail disk "$incoming cannot be made"
  tar -xf - -C "$incoming" || fail unpack "the archive did not unpack"
  # Of the OSPF daemon, where it is another user than root.
  for file in frr.conf ospfd.conf; do
    [ ! -f "$incoming/$file" ] || chgrp frr "$incoming/$file" 2>/dev/null || chgrp quagga "$incoming/$file" 2>/dev/null
  done
  judge
  echo "step activating"
  name=$release
  again=1
  while [ -e "$root/releases/$name" ] && ! is_whole "$root/releases/$name" "$release"; do
    again=$((again + 1))
    name=$release-$again
  done
  to_disk
  [ -e "$root/releases/$name" ] || mv -T "$incoming" "$root/releases/$name" || fail disk "$root/releases/$name cannot be made"
  touch "$root/releases/$name"
  in_use=$(name_of current)
  [ -z "$in_use" ] || [ "$in_use" = "$name" ] || point previous "$in_use"
  point current "$name"
  to_disk
  # keepalived resolves relative includes against the folder of the file that has them, so this one must be no link.
  [ -e "$main" ] || [ -h "$main" ] || echo "include ${root##*/}/current/keepalived.conf" >"$main"
  prune
}

rollback() {
  lock
  name=$(name_of previous)
  [ -n "$name" ] || fail nothing "there is no previous release"
  is_whole "$root/releases/$name" "$(digest_of "$name")" || fail damaged "the previous release, $name, is not what it was"
  in_use=$(name_of current)
  [ "$in_use" != "$name" ] || fail nothing "the previous release is already in use"
  point current "$name"
  [ -z "$in_use" ] || point previous "$in_use"
  touch "$root/releases/$name"
  to_disk
}

inspect() {
  for link in current previous; do
    name=$(name_of "$link")
    [ -z "$name" ] || echo "$link $(digest_of "$name")"
  done
  if [ -h "$main" ]; then
    echo "main link"
  elif [ ! -e "$main" ]; then
    echo "main missing"
  elif grep -qxF "include ${root##*/}/current/keepalived.conf" "$main"; then
    echo "main included"
  else
    echo "main different"
  fi
  cd "$root/current" 2>/dev/null || return 0
  find . -type f -exec sha256sum {} + | sed 's/^/file /'
  find . -type f -perm -0004 | sed 's/^/open /'
  find . ! -type f ! -type d | sed 's/^/other /'
}

fetch() {
  cd "$root/current" || fail nothing "there is no release"
  for path in $paths; do
    [ -f "$path" ] || continue
    echo "content $(wc -c <"$path") $path"
    cat "$path"
    echo
  done
}

for tool in sha256sum readlink find sed tar; do
  command -v "$tool" >/dev/null || fail system "there is no $tool"
done
main=${root%/*}/keepalived.conf
case "$action" in
  install | rollback | inspect | fetch) "$action" ;;
  *) fail system "no action $action" ;;
esac
echo "done"
