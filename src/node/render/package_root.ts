import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The folder that holds `templates/`: the checkout (sources, or the bundle in dist/), or the install prefix (the
 * bundle in bin/). Looked for upwards from this code, so that the same code works in all three places.
 */
export function packageRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "templates", "nginx.conf.hbs"))) return folder;
    if (folder === dirname(folder)) {
      throw new Error(`templates/ is not beside dygateway (looked upwards from ${start}); install it again`);
    }
  }
}
