import { dyupsPlace, dyupsRequest, readReply } from "../core/upstream/dyups_answer.ts";
import type { DyupsPlace, DyupsReply } from "../core/upstream/dyups_answer.ts";

declare function require(this: void, name: string): unknown;

/** The Lua side of ngx_http_dyups_module, where this very nginx is built with it. It has nothing to read by. */
interface DyupsModule {
  update(this: void, name: string, body: string): LuaMultiReturn<[number, string | undefined]>;
  delete(this: void, name: string): LuaMultiReturn<[number, string | undefined]>;
}

/** A gateway with the module; every answer is one of its protocol, however it was asked. */
export interface DyupsClient {
  readonly way: "lua" | "http";
  readonly detail: (this: void) => DyupsReply;
  readonly update: (this: void, name: string, body: string) => DyupsReply;
  readonly remove: (this: void, name: string) => DyupsReply;
}

const MODULE = "ngx.dyups";
const LEAST_MS = 1;
const PIECE_BYTES = 65536;
const LONGEST_ANSWER = 67108864;

function loadModule(): DyupsModule | undefined {
  const [found, module] = pcall(() => require(MODULE) as DyupsModule);
  return found ? module : undefined;
}

function failed(reason: string): DyupsReply {
  return { ok: false, reason };
}

/** Asks once, on a connection of its own. @param timeoutMs for all of it. */
function ask(place: DyupsPlace, request: string, timeoutMs: number): DyupsReply {
  const socket = ngx.socket.tcp();
  const deadline = ngx.now() + timeoutMs / 1000;
  const limit = (): void => {
    const left = Math.max(Math.floor((deadline - ngx.now()) * 1000), LEAST_MS);
    socket.settimeouts(left, left, left);
  };
  limit();
  const [connected, refusal] = socket.connect(place.host, place.port);
  if (connected === undefined) {
    return failed(refusal === "timeout" ? "timeout while connecting" : (refusal ?? "no connection"));
  }
  const [sent, broken] = socket.send(request);
  if (sent === undefined) {
    socket.close();
    return failed(`the request could not be sent: ${broken ?? "?"}`);
  }
  const pieces: string[] = [];
  let size = 0;
  for (;;) {
    limit();
    const [piece, ended] = socket.receiveany(PIECE_BYTES);
    if (piece === undefined) {
      if (ended === "closed") {
        return readReply(table.concat(pieces));
      }
      socket.close();
      return failed(ended === "timeout" ? `no answer in ${timeoutMs} ms` : (ended ?? "the connection broke"));
    }
    pieces.push(piece);
    size += piece.length;
    if (size > LONGEST_ANSWER) {
      socket.close();
      return failed(`the answer is longer than ${LONGEST_ANSWER} bytes`);
    }
  }
}

function answered(status: number, text: string | undefined): DyupsReply {
  return { ok: true, status, text: text ?? "" };
}

/** @param url of the interface, which is read in any case. */
export function createDyupsClient(url: string, timeoutMs: number): DyupsClient {
  const place = dyupsPlace(url);
  const http = (method: string, path: string, body: string): DyupsReply =>
    ask(place, dyupsRequest(place, method, path, body), timeoutMs);
  const detail = (): DyupsReply => http("GET", "/detail", "");
  const module = loadModule();
  if (module === undefined) {
    return {
      way: "http",
      detail,
      update: (name, body) => http("POST", `/upstream/${name}`, body),
      remove: (name) => http("DELETE", `/upstream/${name}`, ""),
    };
  }
  return {
    way: "lua",
    detail,
    update: (name, body) => {
      const [status, text] = module.update(name, body);
      return answered(status, text);
    },
    remove: (name) => {
      const [status, text] = module.delete(name);
      return answered(status, text);
    },
  };
}
