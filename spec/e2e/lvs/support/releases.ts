import { releaseOf, type Release } from "../../../../src/node/lvs/render/release.ts";

/** A release that keepalived and FRR accept; each `mark` is another one. `bytes` of it are ballast. */
export function releaseFor(hostname: string, mark: string, bytes = 0): Release {
  const file = (path: string, text: string, isSecret = false) => ({ path, text, mode: isSecret ? 0o640 : 0o644, isSecret });
  const vip = (address: string): string =>
    `# ${mark}\nvirtual_server ${address} 80 {\n    lb_algo rr\n    lb_kind NAT\n    protocol TCP\n    real_server 10.9.0.1 80 {\n        weight 1\n    }\n}\n`;
  return releaseOf(hostname, [
    file("keepalived.conf", `# ${mark}\ninclude vips/10.8.0.1.conf\ninclude vips/10.8.0.2.conf\n`),
    file("vips/10.8.0.1.conf", vip("10.8.0.1")),
    file("vips/10.8.0.2.conf", vip("10.8.0.2")),
    file("frr.conf", `! ${mark}\ninterface em1\n ip ospf message-digest-key 1 md5 secret-${mark.replace(/\W/g, "").slice(0, 9)}\n!\n`, true),
    ...(bytes === 0 ? [] : [file("ballast.txt", "x".repeat(bytes))]),
  ]);
}
