import { Command, Option } from "commander";
import { addressParameters, forceOf, runInstruction } from "./instruct.ts";
import { printable } from "./printable.ts";
import { commonCommand, type CommonOptions } from "./session.ts";
import { parametersOf } from "./target.ts";
import type { Terminal } from "./terminal.ts";

/** What can be said of a server; texts, for the core to judge. */
interface ServerOptions extends CommonOptions {
  readonly weight?: string;
  readonly maxFails?: string;
  readonly failTimeout?: string;
  readonly maxConns?: string;
  readonly slowStart?: string;
  readonly force: boolean;
}

interface AddOptions extends ServerOptions {
  readonly backup: boolean;
}

interface PeerOptions extends ServerOptions {
  /** `--down` or `--up`. */
  readonly down?: boolean;
  readonly up?: boolean;
}

interface DrainOptions extends CommonOptions {
  readonly undo: boolean;
  readonly force: boolean;
}

const json = "print the answer as /dyupsc_admin gives it";

/** A command about one server of one upstream. */
function memberCommand(name: string, description: string): Command {
  return commonCommand(name, json).description(description).argument("<upstream>").argument("<address>", "ip:port, [IPv6]:port or unix:/path");
}

function withServerOptions(command: Command): Command {
  return command
    .option("--weight <n>", "share of the requests")
    .option("--max-fails <n>", "failures until it is left out, 0: never")
    .option("--fail-timeout <time>", "time for these failures, and of being left out")
    .option("--max-conns <n>", "most connections of a worker, 0: no limit")
    .option("--slow-start <time>", "time in which its weight grows when it comes back");
}

const serverParameters = (options: ServerOptions): Record<string, string | undefined> => ({
  weight: options.weight,
  max_fails: options.maxFails,
  fail_timeout: options.failTimeout,
  max_conns: options.maxConns,
  slow_start: options.slowStart,
});

const withForce = (command: Command): Command =>
  command.option("--force", "also when a runtime uses the upstream and no usable peer is left", false);

const group = (name: string, description: string, commands: readonly Command[]): Command => {
  const made = new Command(name).description(description);
  for (const command of commands) made.addCommand(command);
  return made;
};

export function serverCommand(terminal: Terminal): Command {
  const add = withServerOptions(memberCommand("add", "define a server and put it into rotation"))
    .option("--backup", "used only when the others are unavailable", false)
    .action((upstream: string, address: string, options: AddOptions) => {
      const backup = options.backup ? "true" : undefined;
      const parameters = parametersOf({ upstream, ...addressParameters(address), ...serverParameters(options), backup });
      return runInstruction("add_server", parameters, `${printable(address)} is a server of ${printable(upstream)}`, options, terminal);
    });
  return group("server", "define and forget servers", [add, simple("remove", "forget a server", "remove_server", "is no server of", terminal)]);
}

export function peerCommand(terminal: Terminal): Command {
  const set = withForce(withServerOptions(memberCommand("set", "change fields of a peer")))
    .addOption(new Option("--down", "no requests from now on").conflicts("up"))
    .option("--up", "the opposite of --down")
    .action((upstream: string, address: string, options: PeerOptions) => {
      const down = options.down === true ? "true" : options.up === true ? "false" : undefined;
      const force = forceOf(options.force);
      const parameters = parametersOf({ upstream, ...addressParameters(address), ...serverParameters(options), down, force });
      return runInstruction("set_peer", parameters, `${printable(address)} of ${printable(upstream)} is set`, options, terminal);
    });
  return group("peer", "change peers, put them into rotation and take them out", [
    set,
    simple("add", "put a defined server into rotation", "add_peer", "is in rotation in", terminal),
    simple("remove", "take a server out of rotation; it stays known", "remove_peer", "is out of rotation in", terminal),
  ]);
}

/** An instruction that needs nothing but a server. @param state how it is with the server then. */
function simple(name: string, description: string, action: string, state: string, terminal: Terminal): Command {
  return withForce(memberCommand(name, description)).action((upstream: string, address: string, options: ServerOptions) => {
    const parameters = parametersOf({ upstream, ...addressParameters(address), force: forceOf(options.force) });
    return runInstruction(action, parameters, `${printable(address)} ${state} ${printable(upstream)}`, options, terminal);
  });
}

export function drainCommand(terminal: Terminal): Command {
  return withForce(memberCommand("drain", "send a peer no new requests; running ones finish"))
    .option("--undo", "send it requests again", false)
    .action((upstream: string, address: string, options: DrainOptions) => {
      const parameters = parametersOf({
        upstream,
        ...addressParameters(address),
        value: options.undo ? "false" : "true",
        force: forceOf(options.force),
      });
      const state = options.undo ? "takes requests again in" : "drains in";
      return runInstruction("drain_peer", parameters, `${printable(address)} ${state} ${printable(upstream)}`, options, terminal);
    });
}
