import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { hostConfigs, type ConfigAnswer } from "../../../src/node/nginx_hosts/host_configs.ts";
import { treeProblemLine } from "../../../src/node/nginx_hosts/problems.ts";
import type { Serving } from "../../../src/node/nginx_hosts/render_host.ts";
import { folderSource } from "../../../src/node/nginx_hosts/tree/folder_source.ts";
import { snapshotOf } from "../../../src/node/nginx_hosts/upstreams/snapshot.ts";
import type { UpstreamSource } from "../../../src/node/nginx_hosts/upstreams/source.ts";

const example = join(import.meta.dirname, "..", "..", "..", "examples", "nginx_hosts");
export const appsHost = "apps-extngtest0-bgp0.hy01";
export const searchHost = "search-extngtest0-bgp0.hy01";
export const internalHost = "apps-intngtest0.yf";

export function upstreamsOf(bodies: Readonly<Record<string, string>>): UpstreamSource {
  const snapshot = snapshotOf({ revision: 1, bodies: new Map(Object.entries(bodies)) });
  return { read: () => Promise.resolve({ ok: true, snapshot }) };
}

export const bothUpstreams = upstreamsOf({ stable: "server 127.0.0.1:8040 weight=2; keepalive 64;", search: "least_conn; server 127.0.0.1:8041;" });

/** A tree in a folder of its own: the example, or only what is written to it. */
export class TreeFolder {
  readonly folder = mkdtempSync(join(tmpdir(), "dygateway-tree-"));

  constructor(from: "example" | "empty" = "example") {
    onTestFinished(() => rmSync(this.folder, { recursive: true, force: true }));
    if (from === "example") cpSync(example, this.folder, { recursive: true });
  }

  write(path: string, content: string | Buffer): this {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), content);
    return this;
  }

  remove(path: string): this {
    rmSync(join(this.folder, path), { recursive: true });
    return this;
  }

  answer(hostname: string, { upstreams = bothUpstreams, servings = [] as readonly Serving[], nginx = "nginx" } = {}): Promise<ConfigAnswer> {
    return hostConfigs(folderSource(this.folder), upstreams, nginx).configOf(hostname, servings);
  }

  /** The files of a host that has a configuration. */
  async files(hostname: string, site = {}): Promise<Record<string, string>> {
    const answer = await this.answer(hostname, site);
    if (answer.kind !== "finished") throw new Error(JSON.stringify(answer, null, 2));
    return Object.fromEntries(answer.finished.files.map(({ path, text }) => [path, text]));
  }

  /** What is wrong with the tree for a host. */
  async problems(hostname: string, site = {}): Promise<string[]> {
    const answer = await this.answer(hostname, site);
    return answer.kind === "refused" ? answer.problems.map(treeProblemLine) : [`it is ${answer.kind}`];
  }
}

/** A tree of one host `h1` whose only values are given, with the template at the http level. */
export function smallTree(template: string, declared: string, values = ""): TreeFolder {
  return new TreeFolder("empty")
    .write("tree.yaml", `version: 1\nvalues:\n${declared.replace(/^/gm, "  ")}\n`)
    .write("common/layer.yaml", values === "" ? "" : `values:\n${values.replace(/^/gm, "  ")}\n`)
    .write("common/files/nginx.conf.hbs", `pid {{paths.run}}/nginx.pid;\nerror_log {{paths.logs}}/error.log;\nevents {}\nhttp {\naccess_log off;\n${template}\n}\n`)
    .write("hosts/h1/host.yaml", "product: apps\ntype: extra\nidc: hy01\n");
}

/** What a template of the http level becomes. */
export async function rendered(tree: TreeFolder, site = {}): Promise<string> {
  const text = (await tree.files("h1", site))["nginx.conf"] ?? "";
  return text.slice(text.indexOf("access_log off;\n") + "access_log off;\n".length, -"\n}\n".length);
}
