import { hexDigits, mappedIpv4, parseIpv4, parseIpv6 } from "../../src/dygateway/core/userinfo/address.ts";
import { parseAddressRange } from "../../src/dygateway/core/userinfo/address_range.ts";
import type { AddressRange } from "../../src/dygateway/core/userinfo/address_range.ts";
import {
  clientAddress,
  defaultTrustedProxies,
  isTrusted,
  parseTrustedProxies,
} from "../../src/dygateway/core/userinfo/client_address.ts";
import type { TrustedProxies } from "../../src/dygateway/core/userinfo/client_address.ts";
import {
  clientAddresses,
  ipv4Addresses,
  ipv6Addresses,
  notIpv4,
  notIpv6,
  ranges,
  refusedRanges,
  trustedByDefault,
} from "../cases/address_cases.ts";
import { random } from "../cases/random.ts";
import { contains, equal, fail } from "../support/assert.ts";

function proxies(texts: readonly string[]): TrustedProxies {
  const parsed = parseTrustedProxies(texts);
  return parsed.ok ? parsed.trusted : fail(parsed.reason);
}

function rangeOf(text: string): AddressRange {
  const parsed = parseAddressRange(text);
  return parsed.ok ? parsed.range : fail(parsed.reason);
}

describe("IPv4 addresses", () => {
  it("are unsigned numbers", () => {
    for (const [text, value] of ipv4Addresses) {
      equal(parseIpv4(text, 0), value, text);
      equal(parseIpv4(`::ffff:${text}`, 7), value, text);
    }
  });

  it("have four decimal parts and nothing else", () => {
    for (const text of notIpv4) {
      equal(parseIpv4(text, 0), -1, text);
    }
  });
});

describe("IPv6 addresses", () => {
  it("are 32 hex digits", () => {
    for (const [text, digits] of ipv6Addresses) {
      equal(parseIpv6(text), digits, text);
    }
  });

  it("have one text form, RFC 4291's", () => {
    for (const text of notIpv6) {
      equal(parseIpv6(text), undefined, text);
    }
  });

  it("hold an IPv4 address only after ::ffff", () => {
    for (const [text, value] of ipv4Addresses) {
      equal(mappedIpv4(parseIpv6(`::ffff:${text}`) ?? ""), value, text);
      equal(mappedIpv4(parseIpv6(`::${text}`) ?? ""), -1, `::${text}`);
      equal(mappedIpv4(parseIpv6(`64:ff9b::${text}`) ?? ""), -1, `64:ff9b::${text}`);
    }
  });

  it("come back from any way to write their groups", () => {
    const dice = random(1);
    for (let round = 0; round < 500; round++) {
      let digits = "";
      const short: string[] = [];
      for (let i = 0; i < 8; i++) {
        const group = dice.below(3) === 0 ? 0 : dice.below(65536);
        digits += hexDigits(group, 4);
        short.push(group.toString(16));
      }
      equal(parseIpv6(short.join(":")), digits);
      equal(parseIpv6(short.join(":").toUpperCase()), digits);
      const at = short.indexOf("0");
      if (at >= 0) {
        equal(parseIpv6(`${short.slice(0, at).join(":")}::${short.slice(at + 1).join(":")}`), digits);
      }
    }
  });
});

describe("hex digits", () => {
  it("are as many as asked for", () => {
    equal(hexDigits(0, 1), "0");
    equal(hexDigits(255, 4), "00ff");
    equal(hexDigits(4294967295, 8), "ffffffff");
    equal(hexDigits(2147483648, 8), "80000000");
  });
});

describe("address ranges", () => {
  for (const [text, first, last] of ranges) {
    it(`${text} is ${first} to ${last}`, () => {
      const ipv4 = parseIpv4(first, 0);
      const expected =
        ipv4 >= 0
          ? { family: 4, start: ipv4, end: parseIpv4(last, 0) }
          : { family: 6, start: parseIpv6(first), end: parseIpv6(last) };
      equal(rangeOf(text), expected);
    });
  }

  for (const [text, words] of refusedRanges) {
    it(`'${text}' is refused: it ${words}`, () => {
      const parsed = parseAddressRange(text);
      contains(parsed.ok ? undefined : parsed.reason, words);
      contains(parsed.ok ? undefined : parsed.reason, `'${text}'`);
    });
  }

  it("of each prefix length hold 2 to the power of the rest", () => {
    for (let bits = 0; bits <= 32; bits++) {
      const range = rangeOf(`0.0.0.0/${bits}`);
      equal(range.family === 4 ? range.end + 1 : -1, 2 ** (32 - bits), `/${bits}`);
    }
    for (let bits = 0; bits <= 128; bits++) {
      const range = rangeOf(`::/${bits}`);
      let ones = "";
      for (let bit = 0; bit < 128; bit++) {
        ones += bit < bits ? "0" : "1";
      }
      let expected = "";
      for (let at = 0; at < 128; at += 4) {
        expected += hexDigits(parseInt(ones.slice(at, at + 4), 2), 1);
      }
      equal(range.end, expected, `/${bits}`);
    }
  });
});

describe("trusted proxies", () => {
  it("are by default loopback, private ranges and unix sockets", () => {
    const trusted = proxies(defaultTrustedProxies);
    for (const [peer, expected] of trustedByDefault) {
      equal(isTrusted(trusted, peer), expected, peer);
    }
  });

  it("may be none", () => {
    const none = proxies([]);
    for (const [peer] of trustedByDefault) {
      equal(isTrusted(none, peer), false, peer);
    }
  });

  it("are addresses and ranges in any form", () => {
    const trusted = proxies(["192.0.2.7", "198.51.100.10-198.51.100.20", "2001:db8::/33"]);
    equal(isTrusted(trusted, "192.0.2.7"), true);
    equal(isTrusted(trusted, "192.0.2.8"), false);
    equal(isTrusted(trusted, "198.51.100.9"), false);
    equal(isTrusted(trusted, "198.51.100.10"), true);
    equal(isTrusted(trusted, "198.51.100.20"), true);
    equal(isTrusted(trusted, "198.51.100.21"), false);
    equal(isTrusted(trusted, "2001:db8:7fff::1"), true);
    equal(isTrusted(trusted, "2001:db8:8000::"), false);
    equal(isTrusted(trusted, "unix:"), false);
  });

  it("are refused when one of them is no address", () => {
    const parsed = parseTrustedProxies(["10.0.0.0/8", "10.0.0.1/8"]);
    contains(parsed.ok ? undefined : parsed.reason, "'10.0.0.1/8'");
  });
});

describe("a client's address", () => {
  for (const { name, trusted, peer, realIp, forwardedFor, address } of clientAddresses) {
    it(`is ${name}`, () => {
      equal(clientAddress(trusted, peer, realIp, forwardedFor), address);
    });
  }
});
