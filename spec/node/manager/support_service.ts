import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as requestHttp, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { parseConfig } from "../../../src/node/config/load.ts";
import type { LoadedConfig } from "../../../src/node/config/load.ts";
import type { ClusterDocument, LbDocument, VipDocument } from "../../../src/node/lvs/inventory/schema.ts";
import { pushSite } from "../../../src/node/lvs/push/push_site.ts";
import { sshTransport } from "../../../src/node/lvs/push/ssh.ts";
import { inventoryLimits } from "../../../src/node/lvs/store/limits.ts";
import { roles, type Role } from "../../../src/node/manager/auth/roles.ts";
import { TokenFile } from "../../../src/node/manager/auth/token_file.ts";
import { newToken } from "../../../src/node/manager/auth/tokens.ts";
import { makeService, type Service } from "../../../src/node/manager/service.ts";
import type { StoreServer } from "../store_server.ts";

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  /** Empty where it is no JSON. */
  readonly json: Json;
}

/** An entry of one of the service's lists: the fields that tests look at. */
export interface Entry {
  readonly path: string;
  readonly rule: string;
  readonly vip: string;
  readonly id: string;
  readonly host: string;
  readonly hostname: string;
  readonly kind: string;
  readonly files: readonly Entry[];
  readonly [field: string]: unknown;
}

/** An answer: what is not in this one is undefined, as the test that looks at it finds out. */
export interface Json {
  readonly digest: string;
  readonly id: string;
  readonly title: string;
  readonly detail: string;
  readonly document: { readonly vip2ws: readonly Entry[]; readonly lbinfos: readonly Entry[] };
  readonly result: { readonly lbs: readonly Entry[]; readonly problems: readonly Entry[] };
  readonly files: Readonly<Record<string, string>>;
  readonly problems: readonly Entry[];
  readonly clusters: readonly Entry[];
  readonly versions: readonly Entry[];
  readonly hosts: readonly Entry[];
  readonly jobs: readonly Entry[];
  readonly lbs: readonly Entry[];
  readonly [field: string]: unknown;
}

export interface Ask {
  readonly token?: string;
  readonly body?: unknown;
  /** As it is, where it is no JSON. */
  readonly raw?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request on a connection of its own; the path goes out as it is. */
export function ask(port: number, method: string, path: string, { token, body, raw, headers }: Ask = {}): Promise<Reply> {
  const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const sent = requestHttp(
      {
        host: "127.0.0.1",
        port,
        method,
        path,
        agent: false,
        headers: {
          ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
          ...(content === undefined ? {} : { "Content-Type": "application/json", "Content-Length": `${Buffer.byteLength(content)}` }),
          ...headers,
        },
      },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part));
        answer.once("error", reject);
        answer.once("end", () => {
          const bytes = Buffer.concat(parts);
          const text = bytes.toString();
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, bytes, text, json: jsonOf(text) });
        });
      },
    );
    sent.once("error", reject);
    sent.end(content);
  });
}

function jsonOf(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return {} as Json;
  }
}

/** Stands in for ssh: each "host" is a folder here; while `<host>.hold` is there, a call to it waits. */
const fakeSsh = (folder: string): string => `#!/bin/sh
for word in "$@"; do host=$last; last=$word; done
echo "$host" >>'${folder}/calls'
while [ -e '${folder}'/"$host.hold" ]; do sleep 0.05; done
echo "passed $host" >>'${folder}/calls'
[ -e '${folder}'/"$host.gone" ] && { echo "connect to host $host: No route to host" >&2; exit 255; }
DYGATEWAY_LVS_ROOT='${folder}'/"$host"/dygw
export DYGATEWAY_LVS_ROOT
exec sh -c "$last"
`;

export class ManagerBench {
  readonly folder = mkdtempSync(join(tmpdir(), "dygateway-manager-"));
  readonly tokens: Readonly<Record<Role, string>>;
  readonly tokenFile: TokenFile;
  readonly log: string[] = [];
  readonly #store: StoreServer;
  #service: Service | undefined;
  port = 0;

  constructor(store: StoreServer) {
    this.#store = store;
    chmodSync(this.folder, 0o755);
    onTestFinished(async () => {
      await this.stop();
      rmSync(this.folder, { recursive: true, force: true });
    });
    mkdirSync(join(this.folder, "bin"));
    mkdirSync(join(this.folder, "lb"));
    writeFileSync(join(this.folder, "bin", "ssh"), fakeSsh(this.lbs), { mode: 0o755 });
    this.tokenFile = new TokenFile(this.state);
    this.tokens = Object.fromEntries(roles.map((role) => [role, this.token(`${role}-token`, role)])) as Record<Role, string>;
  }

  get state(): string {
    return join(this.folder, "state");
  }

  /** The folder of the "load balancers". */
  get lbs(): string {
    return join(this.folder, "lb");
  }

  token(name: string, role: Role, now = new Date(), days?: number): string {
    const { text, entry } = newToken(name, role, now, days);
    this.tokenFile.change((entries) => [...entries, entry]);
    return text;
  }

  /** dygateway.yaml as a text; JSON is YAML. */
  configText(manager: object = {}): string {
    return JSON.stringify({
      hosts: [{ server_name: "api.weibo.cn", default_upstream: "stable" }],
      upstreams: { stable: { servers: ["127.0.0.1:8040"] } },
      redis: { unix_socket: this.#store.settings.unixSocket },
      manager: { state: this.state, ...manager },
    });
  }

  config(manager: object = {}): LoadedConfig {
    const parsed = parseConfig("dygateway.yaml", this.configText(manager), {});
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    return parsed.loaded;
  }

  /** The service in this process, on a free port. */
  async start(manager: object = {}): Promise<this> {
    const loaded = this.config(manager);
    const site = pushSite(loaded.config, this.#store.settings, process.env);
    const transport = sshTransport({ program: join(this.folder, "bin", "ssh"), knownHosts: "/dev/null", configFile: undefined, user: undefined, connectTimeoutS: 5 });
    this.#service = makeService({
      manager: loaded.config.manager,
      redis: this.#store.settings,
      limits: inventoryLimits(loaded.config),
      push: { ...site, transport, retries: 0 },
      log: (line) => this.log.push(line),
    });
    await this.#service.server.listen({ host: "127.0.0.1", port: 0 });
    this.port = (this.#service.server.server.address() as AddressInfo).port;
    return this;
  }

  async stop(hurry: AbortSignal = AbortSignal.abort()): Promise<void> {
    const service = this.#service;
    this.#service = undefined;
    await service?.close(hurry);
  }

  ask(role: Role, method: string, path: string, asked: Ask = {}): Promise<Reply> {
    return ask(this.port, method, `/api/v1${path}`, { token: this.tokens[role], ...asked });
  }

  /** Registers what clusterDocument needs. */
  async registerWstypes(): Promise<void> {
    await this.ask("admin", "PUT", "/wstypes/apps", { body: { description: "the apps" } });
    await this.ask("admin", "PUT", "/wstypes/search", { body: {} });
  }

  /** A cluster, stored. */
  async cluster(number: number, change: object = {}): Promise<string> {
    await this.registerWstypes();
    const document = { ...clusterDocument(number), ...change };
    const reply = await this.ask("operator", "POST", "/clusters", { body: document });
    if (reply.status !== 201) throw new Error(`${reply.status} ${reply.text}`);
    return document.name;
  }
}

/** A certificate for 127.0.0.1 that nobody has signed. */
export function selfSigned(folder: string): { readonly certificate: string; readonly key: string } {
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync("openssl", ["req", "-x509", ...kind, "-days", "2", "-keyout", key, "-out", certificate], { stdio: "ignore" });
  return { certificate, key };
}

/** Two load balancers and a VIP; numbers from 1 to 200 give clusters that have nothing in common. */
export function clusterDocument(number: number): ClusterDocument {
  const lb = (last: number): LbDocument => ({
    hostname: `lb${last}-${number}.test`,
    routerid: `10.1.${number}.${last}`,
    internalip: `10.1.${number}.${last}`,
    internalnetmask: "255.255.255.0",
    internalgateway: `10.1.${number}.1`,
    ospfnet: `10.1.${number}.0/24`,
  });
  return {
    name: `cluster${number}`,
    type: "internal",
    device: "em1",
    dialect: "mainline",
    vipnets: [`10.3.${number}.0/24`],
    lbinfos: [lb(11), lb(12)],
    vip2ws: [vipDocument(number, 1)],
  };
}

export const vipDocument = (number: number, last: number): VipDocument => ({
  vip: `10.3.${number}.${last}`,
  wstype: "apps",
  wss: [`10.2.${number}.1`],
  ports: [{ sport: 80, dport: 80 }],
});
