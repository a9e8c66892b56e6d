import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { Sandbox, type Run } from "./support/sandbox.ts";
import type { StoreServer } from "./store_server.ts";

const upstreamNames = "stable beta1 beta2 beta3 uid ip4 ip6 uri arg header cookie percent b".split(" ");
/** Those that the specs' policies lead to: what exists nowhere is refused. */
export const upstreams = Object.fromEntries(upstreamNames.map((name) => [name, { servers: ["127.0.0.1:8040"] }]));

/** A sandbox whose dygateway.yaml points at a store; runs commands as an operator `ann` would. */
export class StoreCli {
  readonly sandbox = new Sandbox();

  constructor(store: StoreServer, config: object = {}) {
    this.sandbox.configure({ redis: { unix_socket: store.settings.unixSocket }, upstreams, ...config });
  }

  run(...argv: string[]): Promise<Run> {
    return this.sandbox.run([...argv, "-c", this.sandbox.path("dygateway.yaml")], { USER: "ann" });
  }

  /** A command that must succeed; what it printed. */
  async done(...argv: string[]): Promise<string> {
    const run = await this.run(...argv);
    if (run.code !== 0 || run.err !== "") throw new Error(`${argv.join(" ")}: ${run.code} ${run.err}`);
    return run.out;
  }

  /** The path of a file with this text. */
  file(text: string | Uint8Array): string {
    const path = this.sandbox.path("input.json");
    writeFileSync(path, text);
    return path;
  }
}

export const here = `cli@${hostname()}`;

export const uidSuffix = '{"divtype":"uidsuffix","divdata":[{"suffix":"1","upstream":"beta1"},{"suffix":"3","upstream":"beta2"}]}';
export const uidRange =
  '{"divtype":"uidrange","divdata":[{"range":{"start":1111,"end":2222},"upstream":"beta1"},{"range":{"start":3333,"end":4444},"upstream":"127.0.0.1:8042"}]}';
export const argCity = '{"divtype":"arg_city","divdata":[{"city":"北京","upstream":"beta3"}]}';
export const group = (...policies: string[]): string =>
  `{${policies.map((policy, i) => `"${i + 1}":${policy}`).join(",")}}`;
