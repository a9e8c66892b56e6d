import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts } from "../../spec/e2e/support/free_ports.ts";
import { until } from "../../spec/e2e/support/until.ts";
import { BenchError } from "../settings.ts";
import type { BackendPorts } from "./backend.ts";
import { askAdmin, askLocation, type AdminAnswer, type AdminParameters } from "./http.ts";
import { Nginx, type NginxPlace } from "./nginx.ts";
import { installProbe, type Probe, type ProbeKind } from "./probe.ts";
import type { Stand } from "./stand.ts";

export interface Site {
  readonly stand: Stand;
  readonly nginx: string;
  /** Where dygateway is installed. */
  readonly prefix: string;
  readonly redisSocket: string;
  readonly backends: BackendPorts;
}

export interface GatewayOptions {
  /** Of its folder, and of its keys in Redis unless told. */
  readonly name: string;
  readonly storePrefix?: string;
  readonly workers: number;
  /** Under which runtimes are set; nginx variables are possible. */
  readonly hostkey: string;
  readonly cpu?: number | undefined;
  readonly probe?: ProbeKind;
  /** As in dygateway.yaml; one for each backend unless told. */
  readonly upstreams?: Readonly<Record<string, object>>;
  readonly dynamicUpstreams?: object;
  /** More of the server block, in nginx's words. */
  readonly inServer?: string;
}

export interface WorkerStatus {
  readonly id: number;
  readonly pid: number;
  readonly revision: number;
  readonly alive: boolean;
  readonly leader: boolean;
}

export interface Status {
  readonly revision: number;
  readonly runtimes: number;
  readonly workers: readonly WorkerStatus[];
  readonly store: { readonly reachable: boolean; readonly lost: boolean; readonly confirmed_ms_ago: number | null; readonly problem: string };
  readonly snapshot: { readonly revision: number | null; readonly problem: string; readonly current: boolean };
  readonly broken_levels: number;
}

/** A gateway as `dygateway render` makes it. */
export class Gateway extends Nginx {
  readonly adminPort: number;
  readonly folder: string;
  readonly probe: Probe | undefined;

  constructor(stand: Stand, place: NginxPlace, adminPort: number, folder: string, probe: Probe | undefined) {
    super(stand, place);
    this.adminPort = adminPort;
    this.folder = folder;
    this.probe = probe;
  }

  /** The probe's timer of one millisecond alone takes 3 to 6 %. */
  protected override get idleShare(): number {
    return this.probe === undefined ? super.idleShare : 0.1;
  }

  admin(action: string, parameters: AdminParameters = {}, body?: string): Promise<AdminAnswer> {
    return askAdmin(this.adminPort, action, parameters, body);
  }

  /** The same, for a step that must succeed. */
  async done(action: string, parameters: AdminParameters = {}, body?: string): Promise<AdminAnswer> {
    return this.succeeded(action, await this.admin(action, parameters, body));
  }

  /** An action of /dyupsc_admin. */
  upstreams(action: string, parameters: AdminParameters, body?: string): Promise<AdminAnswer> {
    return askLocation(this.adminPort, "/dyupsc_admin", action, parameters, body);
  }

  /** The same, for a step that must succeed. */
  async upstreamsDone(action: string, parameters: AdminParameters, body?: string): Promise<AdminAnswer> {
    return this.succeeded(action, await this.upstreams(action, parameters, body));
  }

  private succeeded(action: string, answer: AdminAnswer): AdminAnswer {
    if (answer.code !== 200) {
      throw new BenchError(`${action} answered ${answer.code}: ${answer.desc}\n${this.logEnd()}`);
    }
    return answer;
  }

  async status(): Promise<Status> {
    return (await this.done("status")).data as Status;
  }

  /** Every worker reports, and the store has been read. */
  async ready(): Promise<void> {
    await until("every worker follows Redis", async () => {
      const { workers, store } = await this.status();
      return workers.filter(({ alive }) => alive).length === this.place.workers && store.confirmed_ms_ago !== null;
    }, 60_000);
  }

  override async startAnew(): Promise<void> {
    await super.startAnew();
    await this.ready();
  }

  get snapshotFolder(): string {
    return join(this.folder, "snapshot");
  }

  forgetSnapshot(): void {
    for (const name of ["state", "state.previous"]) {
      rmSync(join(this.snapshotFolder, name), { force: true });
    }
  }
}

/** Renders a gateway's configuration; nothing is started yet. */
export async function prepareGateway(site: Site, options: GatewayOptions): Promise<Gateway> {
  const folder = join(site.stand.folder, options.name);
  mkdirSync(folder, { recursive: true });
  const [port = 0, adminPort = 0, probePort = 0] = await freePorts(3);
  const probe = options.probe === undefined ? undefined : installProbe(site.prefix, folder, probePort);
  const file = join(folder, "dygateway.yaml");
  const { inServer } = options;
  if (inServer !== undefined) {
    writeFileSync(serverFile(folder), inServer);
  }
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(configuration(site, options, folder, { port, adminPort }, probe), null, 2));
  const conf = join(folder, "conf");
  try {
    execFileSync(process.execPath, [join(site.prefix, "bin/dygateway"), "render", "-c", file, "-o", conf], { encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    throw new BenchError(`dygateway render failed: ${(error as { stderr?: string }).stderr ?? String(error)}`);
  }
  if (options.probe !== undefined) {
    startProbeIn(join(conf, "nginx.conf"), options.probe);
  }
  const place = { nginx: site.nginx, conf, errorLog: join(folder, "logs/error.log"), port, workers: options.workers, cpu: options.cpu };
  return new Gateway(site.stand, place, adminPort, folder, probe);
}

function serverFile(folder: string): string {
  return join(folder, "server.conf");
}

function configuration(
  site: Site,
  options: GatewayOptions,
  folder: string,
  ports: { readonly port: number; readonly adminPort: number },
  probe: Probe | undefined,
): object {
  const staticUpstreams = Object.fromEntries(Object.entries(site.backends).map(([name, at]) => [name, { servers: [`127.0.0.1:${at}`], keepalive: 64 }]));
  return {
    listeners: { http: { listen: `127.0.0.1:${ports.port}`, reuseport: true, backlog: 4096 } },
    hosts: [{ server_name: "bench.test", default_server: true, hostkey: options.hostkey, default_upstream: "stable", ...(options.inServer === undefined ? {} : { include: serverFile(folder) }) }],
    upstreams: options.upstreams ?? staticUpstreams,
    dynamic_upstreams: options.dynamicUpstreams ?? {},
    redis: { unix_socket: site.redisSocket, prefix: options.storePrefix ?? `bench:${options.name}`, server: { data_dir: join(site.stand.folder, "redis") } },
    admin: { listen: `127.0.0.1:${ports.adminPort}` },
    workers: { processes: options.workers, connections: 8192, shared_dict: "512m" },
    paths: {
      install: site.prefix,
      nginx: site.nginx,
      run: join(folder, "run"),
      logs: join(folder, "logs"),
      snapshot: join(folder, "snapshot"),
    },
    logging: { access: "off", level: "notice" },
    ...(probe === undefined ? {} : { include: probe.include }),
  };
}

/** The probe runs in each worker, beside the gateway's own start. */
function startProbeIn(file: string, kind: ProbeKind): void {
  const text = readFileSync(file, "utf8");
  const own = 'require("dygateway.phases.init_worker").start()';
  if (!text.includes(own)) {
    throw new BenchError(`${file} does not start the gateway's workers as expected`);
  }
  const workerHeader = "add_header X-Worker $pid always;\n    include upstream.conf;";
  writeFileSync(file, text.replace(own, `${own} require("bench_probe").start("${kind}")`).replace("include upstream.conf;", workerHeader));
}
