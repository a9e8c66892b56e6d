import { nearest } from "./key_suggestions.ts";
import {
  divertsAt,
  fileNameOf,
  hostkeyAt,
  isPlainName,
  listenersOf,
  listenersOfHost,
  locationIdentity,
  mainNameOf,
  serverNamesOf,
  type Listener,
} from "./model.ts";
import type { ConfigPath, Problem } from "./problem.ts";
import * as problems from "./problems.ts";
import type { Config, HostConfig } from "./schema.ts";

/** Hosts against each other and against the listeners: what nginx would refuse, warn about or silently ignore. */
export function checkHosts(config: Config): Problem[] {
  const listeners = listenersOf(config);
  return [
    ...config.hosts.flatMap((host, index) => checkHost(host, ["hosts", index], listeners)),
    ...checkNames(config, listeners),
  ];
}

function checkHost(host: HostConfig, path: ConfigPath, listeners: readonly Listener[]): Problem[] {
  const names = listeners.map((listener) => listener.name);
  const found = (host.listeners ?? []).flatMap((name, index) =>
    names.includes(name)
      ? []
      : [problems.listenerUnknown([...path, "listeners", index], name, names, nearest(name, names))],
  );
  const secure = listenersOfHost(host, listeners).find((listener) => listener.tls);
  if (secure !== undefined && host.tls === undefined) found.push(problems.tlsMissing(path, secure.name));
  if (secure === undefined && host.tls !== undefined) found.push(problems.tlsUnused([...path, "tls"]));
  return [...found, ...checkLocations(host, path)];
}

function checkLocations(host: HostConfig, hostPath: ConfigPath): Problem[] {
  const seen = new Map<string, ConfigPath>();
  const found: Problem[] = [];
  let keyless = false;
  for (const [index, location] of host.locations.entries()) {
    const path = [...hostPath, "locations", index];
    const identity = locationIdentity(location);
    const first = seen.get(identity);
    if (first === undefined) seen.set(identity, path);
    else found.push(problems.locationTwice(path, first));
    if (!location.match.startsWith("~") && !location.path.startsWith("/")) {
      found.push(problems.locationNotPath([...path, "path"], location.path));
    }
    const ownKey = location.hostkey ?? host.hostkey;
    keyless ||= divertsAt(host, location) && ownKey === undefined && !isPlainName(hostkeyAt(host, location));
  }
  if (keyless) found.push(problems.hostkeyNeeded(hostPath, mainNameOf(host)));
  return found;
}

function checkNames(config: Config, listeners: readonly Listener[]): Problem[] {
  const found: Problem[] = [];
  const [names, defaults, files] = [new Map<string, ConfigPath>(), new Map<string, ConfigPath>(), new Map<string, ConfigPath>()];
  const claim = (claims: Map<string, ConfigPath>, key: string, path: ConfigPath, clash: (first: ConfigPath) => Problem) => {
    const first = claims.get(key);
    if (first === undefined) claims.set(key, path);
    else found.push(clash(first));
  };
  for (const [index, host] of config.hosts.entries()) {
    const path = ["hosts", index];
    const file = fileNameOf(host);
    claim(files, file.toLowerCase(), path, (first) => problems.fileNameTwice(path, file, first));
    for (const listener of listenersOfHost(host, listeners)) {
      for (const [position, name] of serverNamesOf(host).entries()) {
        const namePath = [...path, "server_name", ...(Array.isArray(host.server_name) ? [position] : [])];
        const clash = (first: ConfigPath): Problem => problems.serverNameTwice(namePath, name, listener.name, first);
        claim(names, `${listener.name} ${name.toLowerCase()}`, namePath, clash);
      }
      if (host.default_server) {
        const clash = (first: ConfigPath): Problem =>
          problems.defaultServerTwice([...path, "default_server"], listener.name, first);
        claim(defaults, listener.name, path, clash);
      }
    }
  }
  return found;
}
