import type { Dice } from "../support/seeded_dice.ts";
import type { RawRequest } from "../support/raw_client.ts";

const addresses = [
  "", " ", ",", ",,,", "unknown", "_hidden", "1.2.3.4", "1.2.3.4:80", "[2001:db8::1]", "[2001:db8::1]:443", "2001:db8::1", "2001:DB8:0:0:0:0:0:1", "2001:db8::1%eth0",
  "::ffff:10.0.0.1", "::ffff:a00:1", "::", ":::", "1:2:3:4:5:6:7:8:9", "::1.2.3.4.5", "g::1", "10.0.0.1, 8.8.8.8", "junk, 10.0.0.1", "10.0.0.1,junk", "\t10.0.0.1 ,",
  "010.0.0.1", "0x0a000001", "167772161", "10.1", "1e9", "%31%30.0.0.1", "10.0.0.1\x80", "'; drop", "10.0.0.1#", "10.0.0.1, ".repeat(500), "a".repeat(5000),
];
const paths = [
  "/", "//", "/./", "/../", "/a/../../", "/%00", "/%2e%2e/", "/%", "/%zz", "/%ff%fe", "/\xff", "/a;b", "/a?b?c", "*", "", "a", "http://h/x", "/#", "/\\", "/\x7f", "/\x01",
  `/${"a".repeat(9000)}`, `/${"%41".repeat(5000)}`, `/${"/".repeat(9000)}`, "/?channel=%00", "/?channel=%", "/?channel=%4", "/?channel=%zz", "/?channel=+%2b+", "/?channel",
  "/?channel=", "/?channel=a+b&channel=x", "/?CHANNEL=a%20b", "/?&&&=&=&", `/?channel=${"%61".repeat(5000)}`, "/?channel=%E4%B8", "/?city=%00&u=%00", "/?u=1%00",
];
const cookies = ["", ";", "=", "g", "g=", "g=b;", "g=b; g=c", "g=c; g=b", "G=b", "g=\x80", "g=\"b\"", "g= b", " g=b", "g\t=b", "xg=b", "g=b=c", ";;;;g=b", "=g=b", "a".repeat(9000)];
const uids = ["", " ", "0", "1", "01", "-1", "+1", "1.0", "1e1", " 1", "1 ", "1,1", "1\t1", "\x80\xff1", "１", "9".repeat(65_000), `${"0".repeat(65_000)}1`, "x".repeat(65_000), "1\x0b", "$1", "%31", "\\1"];
const hosts = ["T.TEST", "t.test:80", "t.test.", "t.test:", "t.test:x", " t.test", "t.test ", "[::1]", "", "..", "t..test", "t/test", "t.test\x80", "a".repeat(300), "xn--t", "127.0.0.1"];
const methods = ["GET", "GET", "GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE", "PATCH", "FOO", "TRACE"];

function junk(dice: Dice): string {
  return Array.from({ length: dice.between(1, 40) }, () => String.fromCharCode(dice.below(256))).join("");
}

/** A request of a kind that no browser sends. @param host one that diverts. */
export function trafficRequest(dice: Dice, host: string): RawRequest & { readonly isHead: boolean } {
  const choose = (values: readonly string[]): string => (dice.chance(10) ? junk(dice).replaceAll(/[\r\n]/g, "") : dice.pick(values));
  const lines: string[] = [`Host: ${dice.chance(10) ? choose(hosts) : host}`];
  const candidates = [
    () => `X-Uid: ${choose(uids)}`,
    () => `X-UID:${choose(uids)}`,
    () => `X-Real-IP: ${choose(addresses)}`,
    () => `X-Forwarded-For: ${choose(addresses)}`,
    () => `X_Uid: ${choose(uids)}`,
    () => `Cookie: ${choose(cookies)}`,
    () => `X-Env: ${choose(["gray", "GRAY", "", "gray ", "gr\xe4y"])}`,
    () => dice.pick(["Upgrade: websocket", "Connection: upgrade", "Connection: close", "Expect: 100-continue", "Range: bytes=0-0", "TE: trailers", "Content-Length: 0"]),
    () => `${junk(dice).replaceAll(/[\r\n:]/g, "")}: x`,
  ];
  for (let i = dice.below(7); i > 0; i--) {
    lines.push(dice.pick(candidates)());
  }
  const method = dice.pick(methods);
  const [first = "", ...others] = lines;
  const text = `${method} ${choose(paths)} HTTP/1.${dice.chance(95) ? 1 : 0}\r\n${[first, ...dice.shuffled(others)].join("\r\n")}\r\n\r\n`;
  return { bytes: Buffer.from(text, "latin1"), isHead: method === "HEAD" };
}
