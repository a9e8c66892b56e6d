import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { runProgram } from "../../../src/node/cli/program.ts";
import type { Terminal } from "../../../src/node/cli/terminal.ts";

export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A folder of a test's own, gone when the test is; nothing outside of it is touched. */
export class Sandbox {
  readonly folder: string;

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "dygateway-spec-"));
    // As an installation is: the workers' user gets in.
    chmodSync(this.folder, 0o755);
    onTestFinished(() => rmSync(this.folder, { recursive: true, force: true }));
    this.installAt(this.prefix);
  }

  /** As much of an installation as `nginx -t` runs. As the real one, it cannot start without its settings. */
  installAt(prefix: string): string {
    const phases = join(prefix, "dygateway", "phases");
    try {
      mkdirSync(phases, { recursive: true });
    } catch {
      // No file system has such a name: what is tested is that the name is refused.
      return prefix;
    }
    writeFileSync(join(phases, "init.lua"), "return { start = function(file) assert(io.open(file)):close() end }\n");
    writeFileSync(join(phases, "init_worker.lua"), "return { start = function() end }\n");
    return prefix;
  }

  get prefix(): string {
    return join(this.folder, "prefix");
  }

  get output(): string {
    return join(this.folder, "conf");
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  read(name: string): string {
    return readFileSync(join(this.output, name), "utf8");
  }

  /** Writes dygateway.yaml from values; what they leave out is small and points into the sandbox. JSON is YAML. */
  configure(config: object): void {
    this.configureText(JSON.stringify(this.complete(config), null, 2));
  }

  configureText(text: string): void {
    writeFileSync(this.path("dygateway.yaml"), text);
  }

  complete(config: object): Record<string, unknown> {
    const given = config as Record<string, object | undefined>;
    return {
      hosts: [{ server_name: "api.weibo.cn", default_upstream: "stable" }],
      upstreams: { stable: { servers: ["127.0.0.1:8040"] } },
      listeners: { http: "127.0.0.1:8030" },
      ...config,
      paths: {
        install: this.prefix,
        run: this.path("run"),
        logs: this.path("logs"),
        snapshot: this.path("snapshot"),
        ...given["paths"],
      },
    };
  }

  async run(argv: readonly string[], environment: Record<string, string | undefined> = process.env): Promise<Run> {
    const [out, err]: [string[], string[]] = [[], []];
    const terminal: Terminal = {
      environment,
      out: (text) => out.push(text),
      err: (text) => err.push(text),
      exitCode: 0,
    };
    const code = await runProgram(argv, terminal);
    return { code, out: out.join("\n"), err: err.join("\n") };
  }

  render(...options: string[]): Promise<Run> {
    return this.run(["render", "-c", this.path("dygateway.yaml"), "-o", this.output, ...options]);
  }
}
