/*
 * keepalived without a kernel that has IPVS: preloaded, it answers what keepalived's checkers ask IPVS by netlink, as if
 * all went well. Its checks, its quorum and the scripts that it calls are real; only nothing is forwarded.
 */
#include <stddef.h>

struct nl_sock;
struct nl_msg;

enum { finish = 1, ack = 4 };

/* Where the caller sees that the kernel has acknowledged its message. */
static int *pending = NULL;

int nl_socket_modify_cb(struct nl_sock *sock, int type, int kind, void *call, void *argument) {
  (void)sock;
  (void)kind;
  (void)call;
  if (type == finish || type == ack) pending = argument;
  return 0;
}

int genl_ctrl_resolve(struct nl_sock *sock, const char *name) {
  (void)sock;
  (void)name;
  return 0x20;
}

int nl_send_auto(struct nl_sock *sock, struct nl_msg *msg) {
  (void)sock;
  (void)msg;
  return 1;
}

int nl_recvmsgs_default(struct nl_sock *sock) {
  (void)sock;
  if (pending != NULL) *pending = 1;
  return 0;
}
