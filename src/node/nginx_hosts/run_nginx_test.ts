import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

export type NginxSaid = { readonly status: number | null; readonly lines: readonly string[] } | { readonly failed: string };

const timeoutMs = 30_000;

/** Where nginx is found by its name; the paths for administrators are not in everybody's PATH. */
const searchPath = (): string => `${process.env["PATH"] ?? ""}:/usr/local/sbin:/usr/sbin:/usr/local/openresty/nginx/sbin`;

/**
 * Runs `nginx -t`.
 *
 * @param nginx a path, or a name to be found.
 * @param options what follows `-t`.
 */
export async function runNginxTest(nginx: string, options: readonly string[]): Promise<NginxSaid> {
  const child = spawn(nginx, ["-t", ...options], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, PATH: searchPath() },
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  const closed = new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve));
  try {
    const [status, said] = await Promise.all([closed, text(child.stderr)]);
    const isVerdict = (line: string): boolean =>
      /configuration file .* (?:syntax is ok|test is successful|test failed)$/.test(line);
    return { status, lines: said.split("\n").filter((line) => line !== "" && !isVerdict(line)) };
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}
