import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { FinishedFile } from "./finished.ts";
import { nginxMissing, nginxRefuses, sound, unsound, type Checked, type TreeProblem } from "./problems.ts";
import { renderHost, type RenderInput } from "./render_host.ts";
import { runNginxTest } from "./run_nginx_test.ts";
import { standInCertificate } from "./stand_in_certificate.ts";
import { testListens } from "./text/listen.ts";

/**
 * Lets nginx judge a host's tree: rendered once more into a temporary folder, where logs, pid file and certificates are
 * in the folder too and every address is one of loopback; line for line it is the tree of the host.
 */
export async function testHost(input: RenderInput, nginx: string): Promise<Checked<null>> {
  const folder = await mkdtemp(join(tmpdir(), "dygateway-host-"));
  try {
    const [logs, run, certificates] = [join(folder, "logs"), join(folder, "run"), join(folder, "certificates")] as const;
    const rendered = renderHost(input, { listens: testListens(), paths: { logs, run, certificates } });
    if (!rendered.ok) return rendered;
    const conf = join(folder, "conf");
    for (const made of [logs, run, certificates, conf]) await mkdir(made);
    for (const { path, text } of rendered.value) {
      await mkdir(dirname(join(conf, path)), { recursive: true });
      await writeFile(join(conf, path), text);
    }
    await standInFor(certificatesIn(rendered.value, certificates), certificates);
    // Not `-p conf/`: what nginx makes on its own account (logs/error.log of OpenResty) is no file of the tree.
    const said = await runNginxTest(nginx, ["-p", `${folder}/`, "-c", join(conf, "nginx.conf")]);
    if ("failed" in said) return unsound(nginxMissing(nginx, said.failed));
    if (said.status === 0) return sound(null);
    return unsound(...problemsOf(said.lines, conf, folder, rendered.value));
  } catch (error) {
    return unsound(nginxMissing(nginx, error instanceof Error ? error.message : String(error)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Files of the folder of certificates that the tree names. */
function certificatesIn(files: readonly FinishedFile[], folder: string): Set<string> {
  const named = new Set<string>();
  for (const { text } of files) {
    for (const piece of text.split(`${folder}/`).slice(1)) {
      const name = /^[A-Za-z0-9_][A-Za-z0-9_.-]*/.exec(piece)?.[0];
      if (name !== undefined) named.add(name);
    }
  }
  return named;
}

async function standInFor(names: ReadonlySet<string>, folder: string): Promise<void> {
  if (names.size === 0) return;
  const pem = await standInCertificate();
  for (const name of names) await writeFile(join(folder, name), pem, { mode: 0o600 });
}

/** `nginx: [emerg] unknown directive "x" in /…/conf/a.conf:3`: the place as a place, and what stands there. */
function problemsOf(lines: readonly string[], conf: string, folder: string, files: readonly FinishedFile[]): TreeProblem[] {
  const errors = lines.filter((line) => /\[(?:emerg|crit|alert|error)\]/.test(line));
  return (errors.length > 0 ? errors : ["nginx: the test failed without a word"]).map((line) => {
    const [, said = line, path, number] = /^(.*) in (\/\S+):([0-9]+)$/.exec(line) ?? [];
    // Without the time and the process, so that the same mistake has the same words.
    const words = said.replace(/^(?:nginx: |[0-9/]{10} [0-9:]{8} )/, "").replace(/^(\[[a-z]+\]) [0-9]+#[0-9]+: /, "$1 ").replaceAll(`${conf}/`, "").replaceAll(`${folder}/`, "");
    if (path?.startsWith(`${conf}/`) !== true) return nginxRefuses("", 0, words);
    const name = path.slice(conf.length + 1);
    const there = files.find((file) => file.path === name)?.text.split("\n")[Number(number) - 1]?.trim();
    return nginxRefuses(name, Number(number), there === undefined || there === "" ? words : `${words} (there: ${there.slice(0, 200)})`);
  });
}
