import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import type { Environment } from "../config/secrets.ts";

/** An nginx that can run the gateway, and what it says about itself. */
export interface NginxBinary {
  readonly path: string;
  readonly isOpenResty: boolean;
  /** Dynamic modules to load, full paths in order; empty where Lua is built in. */
  readonly modules: readonly string[];
  /** Its own mime.types, when it has one. */
  readonly mimeTypes: string | null;
}

export type NginxLookup =
  | { readonly ok: true; readonly nginx: NginxBinary }
  | { readonly ok: false; readonly reason: string };

const usualPlaces = ["/usr/local/openresty/nginx/sbin/nginx", "/usr/local/openresty/bin/openresty"];
const usualPlacesLast = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/local/nginx/sbin/nginx"];

export const nginxNotFound = (): string =>
  "no nginx found (looked for openresty and nginx in PATH and the usual places); install one or set paths.nginx";
export const nginxUnusable = (path: string, reason: string): string => `${path} cannot be run: ${reason}`;
export const luaModuleMissing = (path: string, folder: string): string =>
  `${path} has no Lua module: ngx_http_lua_module.so is not in ${folder} (Debian: libnginx-mod-http-lua); ` +
  "install it, set paths.modules, or use OpenResty";

/** OpenResty before nginx, since it has all that is needed built in. Settings of the operator come first. */
export function findNginx(
  settings: { readonly nginx?: string | undefined; readonly modules?: string | undefined },
  environment: Environment,
): NginxLookup {
  const path = settings.nginx ?? candidates(environment).find(isExecutable);
  if (path === undefined) return { ok: false, reason: nginxNotFound() };
  const run = spawnSync(path, ["-V"], { encoding: "utf8", timeout: 10_000 });
  if (run.error !== undefined) return { ok: false, reason: nginxUnusable(path, run.error.message) };
  const about = `${run.stdout}${run.stderr}`;
  if (!about.includes("nginx version")) return { ok: false, reason: nginxUnusable(path, "it does not answer -V as nginx") };

  const isOpenResty = /nginx version: openresty/.test(about);
  const prefix = option(about, "prefix") ?? "/usr/local/nginx";
  const confPath = resolve(prefix, option(about, "conf-path") ?? "conf/nginx.conf");
  const mimeTypes = join(dirname(confPath), "mime.types");
  const nginx = { path, isOpenResty, mimeTypes: existsSync(mimeTypes) ? mimeTypes : null };
  if (isOpenResty || /--add-module=\S*(?:lua-nginx-module|ngx_lua)/.test(about)) {
    return { ok: true, nginx: { ...nginx, modules: [] } };
  }
  const folder = settings.modules ?? resolve(prefix, option(about, "modules-path") ?? "modules");
  const lua = join(folder, "ngx_http_lua_module.so");
  if (!existsSync(lua)) return { ok: false, reason: luaModuleMissing(path, folder) };
  const developmentKit = join(folder, "ndk_http_module.so");
  return { ok: true, nginx: { ...nginx, modules: existsSync(developmentKit) ? [developmentKit, lua] : [lua] } };
}

function candidates(environment: Environment): string[] {
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder.startsWith("/"));
  const inPath = (name: string): string[] => folders.map((folder) => join(folder, name));
  return [...usualPlaces, ...inPath("openresty"), ...inPath("nginx"), ...usualPlacesLast];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function option(about: string, name: string): string | null {
  return new RegExp(`--${name}=('[^']*'|\\S+)`).exec(about)?.[1]?.replaceAll("'", "") ?? null;
}
