import { startProgram } from "../../support/program.ts";
import { SshStand } from "./ssh_stand.ts";

export { whyNoSshd } from "./ssh_stand.ts";

/** What the tests call load balancers; each is an address of this machine with a folder of its own. */
export const hosts = ["lb11.test", "lb12.test", "lb13.test", "lb14.test"] as const;

/** To those who log in, four machines with folders of their own. */
export class SshHosts extends SshStand {
  constructor() {
    super(hosts, startProgram);
  }
}
