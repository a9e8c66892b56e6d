import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findNginx } from "../../../src/node/render/nginx_binary.ts";
import { run } from "./installation.ts";
import { startProgram, type Program } from "./program.ts";

const TAIL_LINES = 40;
const LINE_LENGTH = 300;

/** An nginx of a test's own, with the configuration in `folder`/conf. */
export interface Gateway {
  readonly start: () => void;
  readonly stop: () => Promise<void>;
  readonly isRunning: () => boolean;
  readonly reload: () => void;
  readonly errorLog: () => string;
  /** The end of the error log, to be shown with a failure. */
  readonly tail: () => string;
}

/** Writes dygateway.yaml (JSON is YAML) and renders it as a user does. @throws with what the command says. */
export function render(prefix: string, folder: string, config: object): void {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "dygateway.yaml");
  writeFileSync(file, JSON.stringify(config, null, 2));
  run(join(prefix, "bin", "dygateway"), ["render", "-c", file, "-o", join(folder, "conf")]);
}

/** The nginx that rendering chooses where the configuration names none: OpenResty where it is installed. */
export function usualNginx(): string {
  return nginxAt(undefined) ?? "nginx";
}

/** The path of an nginx that can run the gateway; undefined where it cannot, or is not there. */
export function nginxAt(path: string | undefined): string | undefined {
  const found = findNginx(path === undefined ? {} : { nginx: path }, process.env);
  return found.ok ? found.nginx.path : undefined;
}

/** @param nginx the binary. @param conf the folder of nginx.conf. */
export function gateway(nginx: string, conf: string, errorLog: string, output: string): Gateway {
  let program: Program | undefined;
  const read = (file: string): string => (existsSync(file) ? readFileSync(file, "utf8") : "");
  const tailOf = (file: string): string => {
    const lines = read(file).trimEnd().split("\n").slice(-TAIL_LINES);
    return `${file}:\n${lines.map((line) => line.slice(0, LINE_LENGTH)).join("\n")}`;
  };
  return {
    start: () => {
      mkdirSync(join(conf, "logs"), { recursive: true });
      program = startProgram(nginx, ["-p", `${conf}/`, "-c", join(conf, "nginx.conf"), "-g", "daemon off;"], output);
    },
    stop: async () => {
      await program?.stop();
      program = undefined;
    },
    isRunning: () => program?.isRunning() === true,
    reload: () => program?.signal("SIGHUP"),
    errorLog: () => read(errorLog),
    tail: () => `${tailOf(errorLog)}
${tailOf(output)}`,
  };
}
