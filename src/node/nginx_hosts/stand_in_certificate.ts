import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
let made: Promise<string> | undefined;

/**
 * A certificate and its key in one PEM text, made once a process: the certificates of the nginx machines are only on
 * them, and nginx tests no configuration whose certificates are not there.
 */
export function standInCertificate(): Promise<string> {
  made ??= make().catch((error: unknown) => {
    made = undefined;
    throw error;
  });
  return made;
}

async function make(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "dygateway-certificate-"));
  const [key, certificate] = [join(folder, "key"), join(folder, "certificate")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650", "-subj", "/CN=stand-in"];
  try {
    await run("openssl", ["req", "-x509", ...kind, "-keyout", key, "-out", certificate], { timeout: 20_000 });
    return (await readFile(certificate, "utf8")) + (await readFile(key, "utf8"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
