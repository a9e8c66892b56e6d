import { realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll } from "vitest";
import { askAdmin, type AdminAnswer, type Parameters } from "../support/admin_client.ts";
import { useCluster, WORKERS, type Cluster } from "../support/cluster.ts";
import { freePorts } from "../support/free_ports.ts";
import type { HttpAnswer, HttpRequest } from "../support/http.ts";
import { until } from "../support/until.ts";
import { moodyBackend, type ListenAt, type MoodyBackend } from "./health_backends.ts";

/** What the workers know of a peer, and the sums of it. */
export interface PeerStatus {
  readonly name: string;
  readonly requests: number;
  readonly failures: number;
  readonly conns: number;
  readonly workers: readonly { readonly id: number; readonly open: boolean }[];
}

interface Servers {
  readonly 1: [MoodyBackend];
  readonly 2: [MoodyBackend, MoodyBackend];
  readonly 3: [MoodyBackend, MoodyBackend, MoodyBackend];
  readonly 4: [MoodyBackend, MoodyBackend, MoodyBackend, MoodyBackend];
}

export interface UpstreamClusterOptions {
  /** nginx directives of the location that goes to upstreams by their names. */
  readonly proxy?: string;
  /** Whole locations beside it. */
  readonly locations?: string;
  readonly config?: Readonly<Record<string, unknown>>;
}

/** A gateway whose paths name upstreams, `/to/<name>/…`, and servers that a test starts for itself. */
export class UpstreamCluster {
  readonly cluster: Cluster;
  private readonly backends: MoodyBackend[] = [];
  private count = 0;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  /** Where the file really lies: the workers write it where nginx has no privileged agent, in a folder of theirs. */
  get confFile(): string {
    return realpathSync(join(this.cluster.folder, "conf", "upstream.conf"));
  }

  /** An upstream's name that no other test uses. */
  newName(): string {
    this.count++;
    return `u${this.count}`;
  }

  /** A server that answers `this is <name> server`. */
  async server(name: string, at: ListenAt = {}): Promise<MoodyBackend> {
    const [port = 0] = await freePorts(1);
    const started = await moodyBackend(name, { port, ...at });
    this.backends.push(started);
    return started;
  }

  /** Servers `s1`, `s2` and so on. */
  async servers<N extends keyof Servers>(count: N): Promise<Servers[N]> {
    return (await Promise.all(Array.from({ length: count }, (_, i) => this.server(`s${i + 1}`)))) as Servers[N];
  }

  async stop(): Promise<void> {
    await Promise.all(this.backends.map((backend) => backend.stop()));
  }

  ask(action: string, parameters: Parameters = {}): Promise<AdminAnswer> {
    const query = new URLSearchParams({ action });
    for (const [name, value] of Object.entries(parameters)) {
      query.append(name, String(value));
    }
    return askAdmin(this.cluster.adminPort, { path: `/dyupsc_admin?${query.toString()}` });
  }

  /** The same, for a step that must succeed and that every worker has when it is answered. */
  async done(action: string, parameters: Parameters): Promise<AdminAnswer> {
    const answer = await this.ask(action, parameters);
    if (answer.code !== 200) {
      throw new Error(`${action}: ${answer.text}`);
    }
    return answer;
  }

  /** Sets an upstream whole. @returns its name, a new one unless given. */
  async set(body: string, name = this.newName()): Promise<string> {
    await this.done("add_upstream", { upstream: name, servers: body });
    return name;
  }

  async peers(name: string): Promise<PeerStatus[]> {
    const { data } = await this.done("get_status", { upstream: name });
    return data.upstreams[name].peers as PeerStatus[];
  }

  /** How often nobody was there to be tried, so that all were. */
  async panics(name: string): Promise<number> {
    const { data } = await this.done("get_status", { upstream: name });
    return data.upstreams[name].panics as number;
  }

  async firstPeer(name: string): Promise<PeerStatus> {
    const [first] = await this.peers(name);
    if (first === undefined) {
      throw new Error(`no worker speaks of a peer of ${name}`);
    }
    return first;
  }

  /** Waits until so many requests of all workers are running on the peers of an upstream. */
  connsAre(name: string, conns: number): Promise<void> {
    return until(`${conns} requests run on ${name}`, async () => {
      const peers = await this.peers(name);
      const isComplete = peers.every((peer) => peer.workers.length === WORKERS);
      return isComplete && peers.reduce((sum, peer) => sum + peer.conns, 0) === conns;
    });
  }

  visit(name: string, request: HttpRequest = {}): Promise<HttpAnswer> {
    return this.cluster.send("any.test", { ...request, path: `/to/${name}${request.path ?? "/"}` });
  }

  /** Who answers a request to an upstream: the server's name, or the status. */
  async answerer(name: string, request: HttpRequest = {}): Promise<string> {
    const answer = await this.visit(name, request);
    return /^this is (\w+) server\n$/.exec(answer.text)?.[1] ?? `${answer.status}`;
  }

  async answerers(name: string, count: number): Promise<string[]> {
    const answers: string[] = [];
    for (let n = 0; n < count; n++) {
      answers.push(await this.answerer(name));
    }
    return answers;
  }

  /** Every worker answers as `expected` says: on so many connections each of them is met many times over. */
  everyWorkerAnswers(name: string, expected: string, milliseconds = 5000): Promise<void> {
    return until(`${name} is answered by ${expected} in every worker`, async () => {
      const answers = await Promise.all(Array.from({ length: WORKERS * 8 }, () => this.answerer(name)));
      return answers.every((answer) => answer === expected);
    }, milliseconds);
  }

  /** A definition as somebody writes it with redis-cli; without the gateway's knowledge. */
  byHand(definitions: Readonly<Record<string, string>>): Promise<number> {
    return this.cluster.redis.client.hset("ab:test:upstreams", definitions);
  }
}

function locations({ proxy = "", locations: others = "" }: UpstreamClusterOptions): string {
  const balance = `rewrite_by_lua_block { require("dygateway.phases.rewrite").balance() }`;
  return `add_header X-Worker $pid always;
location ~ ^/to/(?<to>[^/]+)(?<rest>/.*)$ {
  set $hostkey "";
  set $backend $to;
  ${balance}
  ${proxy}
  proxy_pass http://$backend$rest$is_args$args;
}
${others}`;
}

/** A cluster of that kind for all tests of a file. */
export function useUpstreamCluster(options: UpstreamClusterOptions = {}): UpstreamCluster {
  const cluster = useCluster({
    prepare: ({ folder }) => {
      writeFileSync(join(folder, "by_name.conf"), locations(options));
    },
    config: ({ folder }) => ({
      hosts: [
        { server_name: "any.test", default_server: true, hostkey: "$host", default_upstream: "stable", include: join(folder, "by_name.conf") },
      ],
      ...options.config,
    }),
  });
  const upstreams = new UpstreamCluster(cluster);
  afterAll(() => upstreams.stop());
  return upstreams;
}
