import { lookup } from "../../core/lookup.ts";
import type { Lookup } from "../../core/lookup.ts";
import { candidates, canonicalIp, isIpv4, parseHosts, parseNameserver, parseResolvConf } from "../../core/upstream/dns_config.ts";
import type { DnsConfig, Nameserver } from "../../core/upstream/dns_config.ts";
import type { FamilyAnswer } from "../../core/upstream/dns_record.ts";
import { eachLine, readLines } from "../files.ts";
import { pacer } from "../pace.ts";
import { dnsModule } from "../platform.ts";

const RESOLV_CONF = "/etc/resolv.conf";
const HOSTS = "/etc/hosts";

/** Of one question to one server. */
const TIMEOUT_MS = 1000;
const ATTEMPTS = 2;
/** Seconds in which a server that did not answer is not asked: nginx logs each refusal by itself, whatever it was for. */
const SILENCE_SECONDS = 5;
/** Seconds until the hosts file is looked at again. */
const HOSTS_TTL = 5;

const TYPE_A = 1;
const TYPE_AAAA = 28;
/** RFC 1035: there is no such name. */
const NAME_ERROR = 3;

export interface Answers {
  readonly v4: FamilyAnswer;
  readonly v6: FamilyAnswer;
}

const NONE: FamilyAnswer = { addresses: [], ttl: 0, problem: "" };

function withProblem(problem: string): FamilyAnswer {
  return { addresses: [], ttl: 0, problem };
}

/** For a lookup that found out nothing. */
export function noAnswers(problem: string): Answers {
  return { v4: withProblem(problem), v6: withProblem(problem) };
}

/** @param resolvers of the settings; the system's where there are none. */
export function dnsConfig(resolvers: readonly string[]): DnsConfig {
  const system = parseResolvConf(readLines(RESOLV_CONF) ?? []);
  if (resolvers.length === 0) {
    return system;
  }
  const nameservers: Nameserver[] = [];
  for (const resolver of resolvers) {
    const nameserver = parseNameserver(resolver);
    if (nameserver !== undefined) {
      nameservers.push(nameserver);
    }
  }
  return { ...system, nameservers };
}

let hosts: Lookup<string[]> | undefined;
/** When the hosts file was looked at. */
let hostsReadAt = 0;

/** A large one takes a while: others go by what was there before as long as it is being read. */
function knownHosts(): Lookup<string[]> {
  const age = ngx.now() - hostsReadAt;
  if (hosts !== undefined && age >= 0 && age < HOSTS_TTL) {
    return hosts;
  }
  hostsReadAt = ngx.now();
  const pause = pacer();
  const lines: string[] = [];
  eachLine(HOSTS, (line) => {
    lines.push(line);
    pause();
  });
  const read = parseHosts(lines, pause);
  hosts = read;
  return read;
}

function fromHostsFile(host: string): Answers | undefined {
  const addresses = knownHosts()[host];
  if (addresses === undefined) {
    return undefined;
  }
  return {
    v4: { addresses: addresses.filter((address) => isIpv4(address)), ttl: HOSTS_TTL, problem: "" },
    v6: { addresses: addresses.filter((address) => !isIpv4(address)), ttl: HOSTS_TTL, problem: "" },
  };
}

function familyOf(answer: DnsAnswer, qtype: number): FamilyAnswer {
  if (answer.errcode !== undefined && answer.errcode !== NAME_ERROR) {
    return withProblem(answer.errstr ?? "the server refused");
  }
  const addresses: string[] = [];
  let ttl = Infinity;
  for (const record of answer) {
    // Aliases on the way may change sooner than the addresses they lead to.
    ttl = Math.min(ttl, record.ttl);
    const address = record.type === qtype ? canonicalIp(record.address ?? "") : undefined;
    if (address !== undefined) {
      addresses.push(address);
    }
  }
  return addresses.length === 0 ? NONE : { addresses, ttl, problem: "" };
}

interface ServerAnswer extends FamilyAnswer {
  /** Whether the server has said anything, be it that it cannot say. */
  readonly answered: boolean;
}

function askServer(module: DnsModule, host: string, port: number, name: string, qtype: number): ServerAnswer {
  const [client, refused] = module.new({ nameservers: [[host, port]], retrans: ATTEMPTS, timeout: TIMEOUT_MS });
  if (client === undefined) {
    return { ...withProblem(refused ?? "no socket"), answered: false };
  }
  const [answer, failed] = client.query(name, { qtype });
  // Else they are open until Lua's collector comes by, which knows nothing of descriptors.
  for (const socket of client.socks ?? []) {
    socket.close();
  }
  client.tcp_sock?.close();
  return answer === undefined
    ? { ...withProblem(failed ?? "no answer"), answered: false }
    : { ...familyOf(answer, qtype), answered: true };
}

interface Silence {
  until: number;
  readonly problem: string;
}

/** Servers that did not answer the last question, whoever asked it. */
const silent: Lookup<Silence> = lookup();

/** Asks each server in turn until one answers. */
function askServers(module: DnsModule, servers: readonly Nameserver[], name: string, qtype: number): FamilyAnswer {
  let problem = "there is no nameserver";
  for (const { host, port } of servers) {
    const place = `${host}:${port}`;
    const silence = silent[place];
    if (silence !== undefined && ngx.now() < silence.until) {
      problem = silence.problem;
    } else {
      if (silence !== undefined) {
        // One question finds out; others need not wait for the same.
        silence.until = ngx.now() + SILENCE_SECONDS;
      }
      const family = askServer(module, host, port, name, qtype);
      if (family.problem === "") {
        delete silent[place];
        return family;
      }
      problem = family.problem.indexOf(place) >= 0 ? family.problem : `${place}: ${family.problem}`;
      if (!family.answered) {
        silent[place] = { until: ngx.now() + SILENCE_SECONDS, problem };
      }
    }
  }
  return withProblem(problem);
}

/** What DNS, or the hosts file, says of a name now. Takes seconds where servers do not answer; a light thread waits. */
export function lookUp(host: string, config: DnsConfig): Answers {
  const local = fromHostsFile(host);
  if (local !== undefined) {
    return local;
  }
  const module = dnsModule();
  if (module === undefined) {
    return noAnswers("there is no DNS client for Lua; Debian's package is lua-nginx-dns");
  }
  let v4 = NONE;
  let v6 = NONE;
  for (const name of candidates(host, config)) {
    v4 = askServers(module, config.nameservers, name, TYPE_A);
    v6 = askServers(module, config.nameservers, name, TYPE_AAAA);
    const isKnown = v4.addresses.length + v6.addresses.length > 0;
    // Where a server does not answer, the next name would be another machine's.
    if (isKnown || v4.problem !== "" || v6.problem !== "") {
      break;
    }
  }
  return { v4, v6 };
}
