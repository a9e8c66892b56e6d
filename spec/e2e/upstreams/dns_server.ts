import { Resolver } from "node:dns/promises";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts } from "../support/free_ports.ts";
import { temporaryFolder } from "../support/installation.ts";
import { startProgram, type Program } from "../support/program.ts";
import { until } from "../support/until.ts";

/** A DNS server of a test's own (dnsmasq), whose answers last a second. */
export class DnsServer {
  port = 0;
  private readonly folder = temporaryFolder();
  private program: Program | undefined;
  private hosts: Readonly<Record<string, readonly string[]>> = { "ready.test": ["127.0.0.1"] };

  private get hostsFile(): string {
    return join(this.folder, "hosts");
  }

  async start(): Promise<void> {
    if (this.port === 0) {
      const [port = 0] = await freePorts(1);
      this.port = port;
    }
    this.write();
    this.program = startProgram(
      "/usr/sbin/dnsmasq",
      [
        "--keep-in-foreground", "--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--pid-file=",
        `--port=${this.port}`, "--listen-address=127.0.0.1", "--bind-interfaces", "--user=root",
        `--addn-hosts=${this.hostsFile}`, "--local=/test/", "--local-ttl=1", "--neg-ttl=1",
      ],
      join(this.folder, "dnsmasq.out"),
    );
    const resolver = new Resolver({ timeout: 200, tries: 1 });
    resolver.setServers([`127.0.0.1:${this.port}`]);
    await until("the DNS server answers", async () => (await resolver.resolve4("ready.test")).length === 1);
  }

  private write(): void {
    const lines = Object.entries(this.hosts).flatMap(([name, addresses]) => addresses.map((address) => `${address} ${name}`));
    writeFileSync(this.hostsFile, `${lines.join("\n")}\n`);
  }

  /** What it knows of the names from now on. */
  know(hosts: Readonly<Record<string, readonly string[]>>): void {
    this.hosts = { ...this.hosts, ...hosts };
    this.write();
    this.program?.signal("SIGHUP");
  }

  async stop(): Promise<void> {
    await this.program?.stop();
    this.program = undefined;
  }
}
