import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll } from "vitest";
import { askAdmin, type AdminAnswer, type Parameters } from "../support/admin_client.ts";
import { useCluster, WORKERS, type Cluster } from "../support/cluster.ts";
import { freePorts } from "../support/free_ports.ts";
import { until } from "../support/until.ts";
import { moodyBackend, type ListenAt, type MoodyBackend } from "./health_backends.ts";

export interface PeerStatus {
  readonly name: string;
  readonly server: string;
  readonly failures: number;
  readonly health?: { readonly up: boolean; readonly since: number; readonly checked: number | null; readonly reason: string };
  readonly workers: readonly { readonly id: number; readonly fails: number; readonly open: boolean }[];
}

/** A gateway with dynamic upstreams, and servers that tests start for themselves. */
export class HealthCluster {
  readonly backends: MoodyBackend[] = [];
  readonly cluster: Cluster;
  private count = 0;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  /** An upstream's name that no other test uses. */
  newName(): string {
    this.count++;
    return `u${this.count}`;
  }

  async backend(name: string, at: ListenAt = {}): Promise<MoodyBackend> {
    const [port = 0] = await freePorts(1);
    const started = await moodyBackend(name, { port, ...at });
    this.backends.push(started);
    return started;
  }

  ask(action: string, parameters: Parameters = {}): Promise<AdminAnswer> {
    const query = new URLSearchParams({ action });
    for (const [name, value] of Object.entries(parameters)) {
      query.append(name, String(value));
    }
    return askAdmin(this.cluster.adminPort, { path: `/dyupsc_admin?${query.toString()}` });
  }

  async done(action: string, parameters: Parameters = {}): Promise<AdminAnswer> {
    const answer = await this.ask(action, parameters);
    if (answer.code !== 200) {
      throw new Error(`${action}: ${answer.text}`);
    }
    return answer;
  }

  /** An upstream with a host of the same name that goes there; every worker serves it when this returns. */
  async upstream(body: string): Promise<string> {
    const name = this.newName();
    await this.done("add_upstream", { upstream: name, servers: body });
    await until(`every worker serves ${name}`, async () => {
      const { workers } = (await this.status(name)).data.upstreams[name].peers[0] ?? { workers: [] };
      return workers.length === WORKERS;
    });
    return name;
  }

  status(name: string): Promise<AdminAnswer> {
    return this.done("get_status", { upstream: name });
  }

  async peers(name: string): Promise<PeerStatus[]> {
    return (await this.status(name)).data.upstreams[name].peers as PeerStatus[];
  }

  async peer(name: string, address: string): Promise<PeerStatus> {
    const found = (await this.peers(name)).find((peer) => peer.name === address);
    if (found === undefined) {
      throw new Error(`${name} has no peer ${address}`);
    }
    return found;
  }

  /** Waits until every worker has the peer open, or closed. */
  isOpen(name: string, address: string, open: boolean, milliseconds = 5000): Promise<void> {
    return until(`${address} of ${name} is ${open ? "open" : "closed"} everywhere`, async () => {
      const { workers } = await this.peer(name, address);
      return workers.length === WORKERS && workers.every((worker) => worker.open === open);
    }, milliseconds);
  }

  /** Waits until the checks have found it so. */
  async isUp(name: string, address: string, up: boolean, milliseconds = 8000): Promise<PeerStatus> {
    let found: PeerStatus | undefined;
    await until(`${address} of ${name} is ${up ? "up" : "down"}`, async () => {
      found = await this.peer(name, address);
      return found.health?.up === up;
    }, milliseconds);
    return found as PeerStatus;
  }

  /** Where a request to the upstream is answered: the name of a backend, or the status. */
  async visit(name: string): Promise<string> {
    const answer = await this.cluster.send("any.test", { path: `/?upstream=${name}` });
    return /^this is (\w+) server\n$/.exec(answer.text)?.[1] ?? `${answer.status}`;
  }

  async visits(name: string, count: number): Promise<string[]> {
    const answers: string[] = [];
    for (let n = 0; n < count; n++) {
      answers.push(await this.visit(name));
    }
    return answers;
  }
}

/** @param resolvers DNS servers, once they are known. */
export function useHealthCluster(resolvers?: () => readonly string[]): HealthCluster {
  const fileOf = (cluster: Cluster): string => join(cluster.folder, "by_query.conf");
  const cluster = useCluster({
    prepare: (made) => {
      writeFileSync(fileOf(made), "set $backend $arg_upstream;\nadd_header X-Worker $pid always;\n");
    },
    config: (made) => ({
      dynamic_upstreams: resolvers === undefined ? {} : { resolvers: resolvers() },
      hosts: [
        {
          server_name: "any.test",
          default_server: true,
          default_upstream: "stable",
          locations: [{ path: "/", include: fileOf(made), proxy: { connect_timeout: "1s", read_timeout: "1s" } }],
        },
      ],
    }),
  });
  const health = new HealthCluster(cluster);
  afterAll(async () => {
    await Promise.all(health.backends.map((backend) => backend.stop()));
  });
  return health;
}
