import { z } from "zod";
import * as scalar from "./scalars.ts";

/** What `sh` and keepalived take as one word, whatever is around it. */
const folder = z.string().regex(/^(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]*){1,32}$/, {
  error: "is not an absolute path of letters, digits, _ . -",
});

/** How files get to load balancers, and where they are there. */
export const lvsPushSchema = z
  .strictObject({
    known_hosts: scalar.absolutePath.default("/etc/dygateway/lvs_known_hosts").describe("The only host keys that are trusted"),
    ssh_config: scalar.absolutePath.optional().describe("Addresses, ports, users and keys of the load balancers (default: the user's own)"),
    user: scalar.userName.optional().describe("Who logs in (default: as ssh_config says)"),
    root: folder.default("/etc/keepalived/dygw").describe("Folder of the releases, beside keepalived.conf"),
    state: folder.default("/run/dygateway-vip").describe("What the VIP hook remembers; emptied by a reboot"),
    ospf_files: z.enum(["frr", "quagga"]).default("frr").describe("frr: frr.conf; quagga: ospfd.conf and zebra.conf"),
    connect_timeout: scalar.seconds.default("10s"),
    timeout: scalar.time.default("120s").describe("For one connection to one load balancer"),
    retries: z.int().min(0).max(10).default(2).describe("Further tries where one is not reached"),
    parallel: z.int().min(1).max(64).default(4).describe("Load balancers at once, after the first"),
  })
  .describe("How files get to the load balancers");

export type LvsPushConfig = z.infer<typeof lvsPushSchema>;
