import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import type { Call, CallEnd, Transport } from "./transport.ts";

export interface SshSettings {
  /** The program. */
  readonly program: string;
  /** The only file that host keys are taken from. */
  readonly knownHosts: string;
  /** An ssh_config with addresses, ports, users and keys of the load balancers; undefined: the user's own. */
  readonly configFile: string | undefined;
  /** undefined: as ssh_config says. */
  readonly user: string | undefined;
  readonly connectTimeoutS: number;
}

/** ssh ends with 255 when it fails itself; what runs on the load balancer ends with other numbers. */
const sshFailed = 255;
/** Ends that another try cannot change. */
const finalReasons: readonly (readonly [RegExp, string])[] = [
  [/REMOTE HOST IDENTIFICATION HAS CHANGED/, "its host key is not the one in known_hosts"],
  [/Host key verification failed|No .* host key is known/, "its host key is not in known_hosts"],
  [/Permission denied/, "it refuses our key (permission denied)"],
  [/Bad configuration option|Can't open user config file/, "ssh refuses its configuration"],
];

export const sshMissing = (program: string): string => `${program} is not on this machine (Debian: apt-get install openssh-client)`;

/** Runs scripts by the system's ssh, one connection a call. No shell of this machine is involved. */
export function sshTransport(settings: SshSettings): Transport {
  return (call) => callOver(settings, call);
}

function sshArguments(settings: SshSettings, { host, script }: Call): string[] {
  const options = {
    BatchMode: "yes",
    ConnectTimeout: `${settings.connectTimeoutS}`,
    StrictHostKeyChecking: "yes",
    UserKnownHostsFile: settings.knownHosts,
    GlobalKnownHostsFile: "/dev/null",
    UpdateHostKeys: "no",
    VerifyHostKeyDNS: "no",
    ServerAliveInterval: "5",
    ServerAliveCountMax: "3",
    ForwardAgent: "no",
    ClearAllForwardings: "yes",
    PermitLocalCommand: "no",
    ControlPath: "none",
    LogLevel: "ERROR",
  };
  return [
    ...(settings.configFile === undefined ? [] : ["-F", settings.configFile]),
    ...(settings.user === undefined ? [] : ["-l", settings.user]),
    "-T",
    ...Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
    "--",
    host,
    // Whatever the user's shell is, it passes this on as it is; dd takes the script and leaves what follows it.
    `sh -c 'script=$(dd bs=1 count=${Buffer.byteLength(script)} 2>/dev/null); eval "$script"'`,
  ];
}

function callOver(settings: SshSettings, call: Call): Promise<CallEnd> {
  const { host, script, payload, signal, timeoutMs, onStep } = call;
  if (!/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(host)) throw new Error(`${JSON.stringify(host)} is no host name`);
  if (signal.aborted) return Promise.resolve({ kind: "aborted" });
  return new Promise((resolve) => {
    const child = spawn(settings.program, sshArguments(settings, call), { stdio: "pipe" });
    const output: Buffer[] = [];
    let errors = "";
    let cut: CallEnd | undefined;
    const end = (reason: CallEnd): void => {
      cut ??= reason;
      child.kill("SIGKILL");
    };
    const abort = (): void => end({ kind: "aborted" });
    const timer = setTimeout(() => {
      end({ kind: "unreachable", reason: `no answer within ${timeoutMs / 1000} s`, mayRetry: true });
    }, timeoutMs);
    const settle = (how: CallEnd): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      resolve(cut ?? how);
    };
    signal.addEventListener("abort", abort, { once: true });
    child.on("error", (error: NodeJS.ErrnoException) => {
      settle({ kind: "unreachable", reason: error.code === "ENOENT" ? sshMissing(settings.program) : error.message, mayRetry: false });
    });
    child.on("close", (code) => settle(endOf(code, Buffer.concat(output), errors)));
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
    reportSteps(child, onStep);
    // It ends without reading all of it when it refuses early; its answer says why.
    child.stdin.on("error", () => undefined);
    child.stdin.end(Buffer.concat([Buffer.from(script), payload]));
  });
}

function reportSteps(child: ChildProcessWithoutNullStreams, onStep: (step: string) => void): void {
  let rest = "";
  child.stdout.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString("latin1")).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("step ")) onStep(line.slice(5));
  });
}

function endOf(code: number | null, output: Buffer, errors: string): CallEnd {
  if (code !== sshFailed && code !== null) return { kind: "answered", output, errors };
  const final = finalReasons.find(([pattern]) => pattern.test(errors))?.[1];
  const reason = final ?? lastLine(errors) ?? "the connection broke";
  return { kind: "unreachable", reason, mayRetry: final === undefined };
}

const lastLine = (text: string): string | undefined => text.trim().split(/\r?\n/).findLast((line) => line !== "");
