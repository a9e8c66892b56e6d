import { existsSync } from "node:fs";
import { join } from "node:path";
import { findNginx } from "../../src/node/render/nginx_binary.ts";
import { renderGateway } from "./gateway.ts";
import { ask } from "./http.ts";
import { assertFree } from "./ports.ts";
import { aliveServices, forgetServices, prepareRunDir, recordServices, type RunDir } from "./run_dir.ts";
import { answerOf, curlLine, loadSample, sampleCalls, sampleHost, type SampleCall } from "./sample.ts";
import { type Program, type RunningService, startService, stopService, tailOf } from "./services.ts";
import { DemoError, type Settings, stopCommand, usedPorts } from "./settings.ts";
import { until } from "./until.ts";

/** Longest wait for each step: generous, for a loaded machine. */
const patience = 20_000;

export type Say = (line: string) => void;

/** A demo that is up, or coming up: what was started so far can be stopped at any time. */
export class Demo {
  private readonly settings: Settings;
  private readonly say: Say;
  private readonly services: RunningService[] = [];
  private stopping = false;
  private starting: Promise<void> | undefined;

  constructor(settings: Settings, say: Say) {
    this.settings = settings;
    this.say = say;
  }

  /** Returns when the four sample calls are answered as they will be printed. */
  start(): Promise<void> {
    this.starting = this.startAll();
    return this.starting;
  }

  private async startAll(): Promise<void> {
    const { settings, say } = this;
    const alive = aliveServices(settings.runDir);
    if (alive.length > 0) {
      const names = alive.map(({ name, pid }) => `${name} ${pid}`).join(", ");
      throw new DemoError(`a demo is already running in ${settings.runDir} (${names}): end it with: ${stopCommand(settings)}`);
    }
    await assertFree(usedPorts(settings));
    const found = findNginx({}, process.env);
    if (!found.ok) {
      throw new DemoError(`${found.reason}. \`make setup\` installs what is missing.`);
    }
    const nginx = found.nginx.path;
    const dir = prepareRunDir(settings.runDir);
    renderGateway(settings, dir, nginx);
    say(`configuration rendered to ${dir.conf}`);

    const redis = await this.launch(redisProgram(dir));
    await this.ready(redis, () => existsSync(dir.redisSocket));
    say(`Redis on ${dir.redisSocket}`);

    const backends = await this.launch(backendsProgram(settings, dir));
    for (const { port, setting } of usedPorts(settings).filter((used) => used.setting === "BACKEND_PORT")) {
      await this.ready(backends, () => answers(port), `${setting} ${port}`);
    }
    say(`five backends on 127.0.0.1:${settings.backendPort} to ${settings.backendPort + 4}`);

    const gateway = await this.launch(gatewayProgram(nginx, dir));
    await this.ready(gateway, () => answers(settings.adminPort));
    await this.ready(gateway, () => answers(settings.port));
    say(`gateway on 127.0.0.1:${settings.port}, administration on 127.0.0.1:${settings.adminPort} (${nginx})`);

    await loadSampleOrExplain(settings.adminPort, gateway);
    await this.verifySample(gateway);
    say(`sample policy group in force for ${sampleHost}`);
  }

  /** Settles when a service ends although nobody asked it to. */
  failure(): Promise<DemoError> {
    return new Promise((resolve) => {
      for (const service of this.services) {
        void service.ended.then((how) => {
          if (!this.stopping) {
            resolve(new DemoError(`${service.name} ended (${how}). ${tailOf(service.log)}`));
          }
        });
      }
    });
  }

  /** Stops what runs, the gateway first: no request then meets a backend that is gone. */
  async stop(): Promise<void> {
    this.stopping = true;
    // It notices at its next step; a service that is just being started is then known.
    await this.starting?.catch(() => undefined);
    for (const service of [...this.services].reverse()) {
      await stopService(service);
    }
    // What is recorded there may be another demo's, the one that kept this one from starting.
    if (this.services.length > 0) {
      forgetServices(this.settings.runDir);
    }
  }

  /** Leaves it running when this process ends. */
  letGo(): void {
    for (const service of this.services) {
      service.letGo();
    }
  }

  private async launch(program: Program): Promise<RunningService> {
    if (this.stopping) {
      throw new DemoError("stopped before it was up");
    }
    const service = await startService(program);
    this.services.push(service);
    recordServices(this.settings.runDir, this.services);
    return service;
  }

  private async ready(service: RunningService, isReady: () => boolean | Promise<boolean>, what = service.name): Promise<void> {
    const settled = await until(async () => service.ending() !== undefined || this.stopping || (await isReady()), patience);
    if (this.stopping) {
      throw new DemoError("stopped before it was up");
    }
    const ending = service.ending();
    if (ending !== undefined) {
      throw new DemoError(`${service.name} ended while starting (${ending}). ${tailOf(service.log)}`);
    }
    if (!settled) {
      throw new DemoError(`${what} was not ready within ${patience / 1000} s. ${tailOf(service.log)}`);
    }
  }

  private async verifySample(gateway: RunningService): Promise<void> {
    for (const call of sampleCalls) {
      let last = "";
      const right = async (): Promise<boolean> => {
        last = await answerTo(call, this.settings.port);
        return last === answerOf(call.upstream);
      };
      try {
        await this.ready(gateway, right);
      } catch (error) {
        const asked = `${curlLine(call, this.settings.port)} should answer '${answerOf(call.upstream)}', it answers '${last}'`;
        throw this.stopping ? error : new DemoError(`${asked}. ${(error as Error).message}`);
      }
    }
  }
}

function redisProgram(dir: RunDir): Program {
  const log = join(dir.logs, "redis.log");
  const args = [join(dir.conf, "redis.conf"), "--daemonize", "no"];
  return { name: "Redis", file: "redis-server", args, output: log, log, command: "redis-server" };
}

function backendsProgram(settings: Settings, dir: RunDir): Program {
  const log = join(dir.logs, "backends.log");
  const args = [process.argv[1] ?? "", "backends", String(settings.backendPort)];
  return { name: "the backends", file: process.execPath, args, output: log, log, command: "backends" };
}

function gatewayProgram(nginx: string, dir: RunDir): Program {
  const log = join(dir.logs, "error.log");
  const args = ["-p", dir.conf, "-c", join(dir.conf, "nginx.conf"), "-e", log, "-g", "daemon off;"];
  // nginx repeats its errors on stderr: they would stand twice in one file.
  return { name: "the gateway", file: nginx, args, output: join(dir.logs, "stderr.log"), log, command: "nginx" };
}

/** Any answer shows that someone serves the port. */
async function answers(port: number): Promise<boolean> {
  try {
    return (await ask({ port, path: "/" })).status > 0;
  } catch {
    return false;
  }
}

async function answerTo(call: SampleCall, port: number): Promise<string> {
  try {
    return (await ask({ port, path: call.path === "" ? "/" : call.path, headers: call.headers })).body.trim();
  } catch (error) {
    return (error as Error).message;
  }
}

async function loadSampleOrExplain(adminPort: number, gateway: RunningService): Promise<void> {
  try {
    await loadSample(adminPort);
  } catch (error) {
    throw new DemoError(`${(error as Error).message}\n${tailOf(gateway.log)}`);
  }
}
