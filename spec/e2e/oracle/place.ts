import type { Dice } from "../support/seeded_dice.ts";

/** Where in a request a value stands. */
export type Place =
  | { readonly kind: "header" | "cookie" | "arg"; readonly name: string }
  | { readonly kind: "uri" | "ip" };

export const uidPlace: Place = { kind: "header", name: "X-Uid" };
export const cityPlace: Place = { kind: "arg", name: "city" };
export const uriPlace: Place = { kind: "uri" };
export const ipPlace: Place = { kind: "ip" };

/** nginx's variable for it; `$client` is defined by `sharedDirectives`. */
export function variableOf(place: Place): string {
  switch (place.kind) {
    case "header":
      return `$http_${place.name.toLowerCase().replaceAll("-", "_")}`;
    case "cookie":
      return `$cookie_${place.name}`;
    case "arg":
      return `$arg_${place.name}`;
    case "uri":
      return "$uri";
    case "ip":
      return "$client";
  }
}

/** The client's address as the contract has it; the peers of these tests are all on loopback, hence trusted. */
export const sharedDirectives = `map $http_x_forwarded_for $forwarded {
default "";
"~^[ \\t]*(?<first_forwarded>[^,]*?)[ \\t]*(?:,|\\z)" $first_forwarded;
}
map $http_x_forwarded_for $not_real { default $forwarded; "" $remote_addr; }
map $http_x_real_ip $client { default $http_x_real_ip; "" $not_real; }
`;

/** A policy's `userinfo` option for a place. */
export function optionOf(place: Place): string {
  return "name" in place ? `${place.kind}:${place.name}` : place.kind;
}

/** Where a policy looks: mostly the type's own place, which needs no option. */
export function drawPlace(dice: Dice, own: Place): { readonly place: Place; readonly options: object } {
  if (dice.chance(65)) {
    return { place: own, options: {} };
  }
  const place: Place = dice.pick<Place>([
    { kind: "header", name: "X-Device-Id" },
    { kind: "cookie", name: "uid" },
    { kind: "arg", name: "u" },
    uriPlace,
    ipPlace,
  ]);
  return { place, options: { userinfo: optionOf(place) } };
}

/** What is put together into a request: bytes, one character each. */
export interface Facts {
  path: string;
  readonly headers: (readonly [name: string, value: string])[];
  readonly cookies: string[];
  readonly args: string[];
}

/** Characters that a request's line cannot have in its path as they are. */
function encodePath(value: string): string {
  return value.replaceAll(/[\x00-\x20%?#\x7f]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** Puts a value into its place; what a header, cookie or query cannot carry is left out of it. */
export function put(facts: Facts, place: Place, value: string, dice: Dice): void {
  switch (place.kind) {
    case "header":
      facts.headers.push([place.name, value.replaceAll(/[\x00-\x1f\x7f]/g, "")]);
      break;
    case "cookie":
      facts.cookies.push(`${place.name}=${value.replaceAll(/[\x00-\x1f;\x7f]/g, "")}`);
      break;
    case "arg":
      facts.args.push(`${place.name}=${value.replaceAll(/[\x00-\x20#&\x7f]/g, "")}`);
      break;
    case "uri":
      facts.path = value.startsWith("/") ? encodePath(value) : `/${encodePath(value)}`;
      break;
    case "ip": {
      const clean = value.replaceAll(/[\x00-\x1f\x7f]/g, "");
      if (dice.chance(70)) {
        facts.headers.push(["X-Real-IP", clean]);
      } else {
        facts.headers.push(["X-Forwarded-For", dice.pick([clean, ` ${clean} , 10.0.0.1`, `${clean},junk`, `${clean}, `])]);
      }
    }
  }
}

export function requestBytes(host: string, facts: Facts): Buffer {
  const query = facts.args.length === 0 ? "" : `?${facts.args.join("&")}`;
  const cookies = facts.cookies.length === 0 ? [] : [["Cookie", facts.cookies.join("; ")] as const];
  const lines = [["Host", host] as const, ...facts.headers, ...cookies].map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`GET ${facts.path}${query} HTTP/1.1\r\n${lines.join("")}\r\n`, "latin1");
}
