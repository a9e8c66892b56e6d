import { resolve } from "node:path";

export interface Settings {
  /** Where traffic is taken. */
  readonly port: number;
  readonly adminPort: number;
  /** The first of as many ports as there are backends. */
  readonly backendPort: number;
  /** Everything the demo writes is in here. */
  readonly runDir: string;
  /** Return when ready, and leave it running. */
  readonly detach: boolean;
}

const DEFAULT_RUN_DIR = ".run";

export interface UsedPort {
  readonly port: number;
  /** What it is for. */
  readonly purpose: string;
  /** The setting that moves it. */
  readonly setting: string;
}

export const backendNames = ["stable", "beta1", "beta2", "beta3", "beta4"] as const;

/** A problem of the person at the keyboard: its message is all they need to see. */
export class DemoError extends Error {}

export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const settings = {
    port: portSetting(env, "PORT", 8030),
    adminPort: portSetting(env, "ADMIN_PORT", 8080),
    backendPort: portSetting(env, "BACKEND_PORT", 8040),
    runDir: resolve(textSetting(env, "RUN_DIR", DEFAULT_RUN_DIR)),
    detach: !["", "0", "no", "false"].includes(textSetting(env, "DETACH", "")),
  };
  refuseDoublePorts(settings);
  return settings;
}

/** The command that ends a demo with these settings. */
export function stopCommand(settings: Settings): string {
  return settings.runDir === resolve(DEFAULT_RUN_DIR) ? "make stop" : `make stop RUN_DIR=${settings.runDir}`;
}

export function usedPorts(settings: Settings): UsedPort[] {
  const { port, adminPort, backendPort } = settings;
  return [
    { port, purpose: "traffic", setting: "PORT" },
    { port: adminPort, purpose: "administration", setting: "ADMIN_PORT" },
    ...backendNames.map((name, i) => ({ port: backendPort + i, purpose: `backend ${name}`, setting: "BACKEND_PORT" })),
  ];
}

function textSetting(env: Readonly<Record<string, string | undefined>>, name: string, fallback: string): string {
  const text = env[name] ?? "";
  return text === "" ? fallback : text;
}

function portSetting(env: Readonly<Record<string, string | undefined>>, name: string, fallback: number): number {
  const text = textSetting(env, name, String(fallback));
  const port = Number(text);
  const highest = name === "BACKEND_PORT" ? 65536 - backendNames.length : 65535;
  if (!/^\d+$/.test(text) || port < 1 || port > highest) {
    throw new DemoError(`${name}=${text} is not a port: a number from 1 to ${highest} is wanted`);
  }
  return port;
}

function refuseDoublePorts(settings: Settings): void {
  const seen = new Map<number, UsedPort>();
  for (const used of usedPorts(settings)) {
    const other = seen.get(used.port);
    if (other !== undefined) {
      throw new DemoError(
        `port ${used.port} is wanted twice, for ${other.purpose} and ${used.purpose}: change ${other.setting} or ${used.setting}`,
      );
    }
    seen.set(used.port, used);
  }
}
