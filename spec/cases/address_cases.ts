export const ipv4Addresses: readonly (readonly [text: string, value: number])[] = [
  ["0.0.0.0", 0],
  ["0.0.0.1", 1],
  ["1.2.3.4", 16909060],
  ["10.0.0.0", 167772160],
  ["127.0.0.1", 2130706433],
  ["128.0.0.0", 2147483648],
  ["255.255.255.255", 4294967295],
];

/** Texts that other parsers take for some IPv4 address, and some that none would. */
export const notIpv4: readonly string[] = [
  "", ".", "1", "1.2.3", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4.5", "1.2.3.4.", "256.1.1.1", "1.1.1.256",
  "01.2.3.4", "1.2.3.00", "1.2.3.04", "0x1.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4:80", "-1.2.3.4", "+1.2.3.4",
  "1,2,3,4", "1.2.3.a", "16909060", "1.2.3.4294967300", "::1", "1.2.3.４",
];

export const ipv6Addresses: readonly (readonly [text: string, digits: string])[] = [
  ["::", "00000000000000000000000000000000"],
  ["::1", "00000000000000000000000000000001"],
  ["1::", "00010000000000000000000000000000"],
  ["2001:db8::1", "20010db8000000000000000000000001"],
  ["2001:DB8::A", "20010db800000000000000000000000a"],
  ["2001:0db8:0000:0000:0000:0000:0000:0001", "20010db8000000000000000000000001"],
  ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
  ["1:2:3:4:5:6:7::", "00010002000300040005000600070000"],
  ["::2:3:4:5:6:7:8", "00000002000300040005000600070008"],
  ["1::8", "00010000000000000000000000000008"],
  ["1:2:3::6:7:8", "00010002000300000000000600070008"],
  ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffffffffffffffffffffffffffffffff"],
  ["::ffff:1.2.3.4", "00000000000000000000ffff01020304"],
  ["::FFFF:255.255.255.255", "00000000000000000000ffffffffffff"],
  ["::1.2.3.4", "00000000000000000000000001020304"],
  ["1:2:3:4:5:6:1.2.3.4", "00010002000300040005000601020304"],
  ["64:ff9b::10.0.0.1", "0064ff9b00000000000000000a000001"],
];

export const notIpv6: readonly string[] = [
  "", ":", ":::", "1", "1.2.3.4", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8",
  "1::2::3", "::1::", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "1:2:3:4:5:6:7:8:", "12345::", "::12345", "g::", "::-1",
  "fe80::1%eth0", "[::1]", "::1/128", "::1.2.3", "::1.2.3.256", "1.2.3.4::", "::1.2.3.4:1", "1:2:3:4:5:6:7:1.2.3.4",
  " ::1", "::1 ", "0000:0000:0000:0000:0000:0000:0000:00000001", "::1:2:3:4:5:6:1.2.3.4",
];

/** A range's text, its family, and its first and last address. */
export const ranges: readonly (readonly [text: string, first: string, last: string])[] = [
  ["10.0.0.1", "10.0.0.1", "10.0.0.1"],
  ["10.0.0.1-10.0.0.9", "10.0.0.1", "10.0.0.9"],
  ["10.0.0.1-10.0.0.1", "10.0.0.1", "10.0.0.1"],
  ["0.0.0.0-255.255.255.255", "0.0.0.0", "255.255.255.255"],
  ["0.0.0.0/0", "0.0.0.0", "255.255.255.255"],
  ["128.0.0.0/1", "128.0.0.0", "255.255.255.255"],
  ["10.0.0.0/8", "10.0.0.0", "10.255.255.255"],
  ["172.16.0.0/12", "172.16.0.0", "172.31.255.255"],
  ["192.168.1.128/25", "192.168.1.128", "192.168.1.255"],
  ["192.168.1.4/30", "192.168.1.4", "192.168.1.7"],
  ["192.168.1.4/31", "192.168.1.4", "192.168.1.5"],
  ["192.168.1.4/32", "192.168.1.4", "192.168.1.4"],
  ["255.255.255.255/32", "255.255.255.255", "255.255.255.255"],
  ["::ffff:10.0.0.1", "10.0.0.1", "10.0.0.1"],
  ["::ffff:10.0.0.1-10.0.0.9", "10.0.0.1", "10.0.0.9"],
  ["::1", "::1", "::1"],
  ["2001:db8::1-2001:db8::ff", "2001:db8::1", "2001:db8::ff"],
  ["::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["8000::/1", "8000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["fc00::/7", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["fe80::/10", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["2001:db8::/32", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["2001:db8:8000::/33", "2001:db8:8000::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["2001:db8::c/126", "2001:db8::c", "2001:db8::f"],
  ["2001:db8::e/127", "2001:db8::e", "2001:db8::f"],
  ["2001:db8::f/128", "2001:db8::f", "2001:db8::f"],
];

export const refusedRanges: readonly (readonly [text: string, words: string])[] = [
  ["", "is not an address"],
  ["abc", "is not an address"],
  ["10.0.0", "is not an address"],
  ["10.0.0.1 - 10.0.0.9", "is not an address"],
  ["10.0.0.1-", "is not an address"],
  ["-10.0.0.1", "is not an address"],
  ["10.0.0.1-10.0.0.5-10.0.0.9", "is not an address"],
  ["10.0.0.1-10.0.0.9/8", "is not an address"],
  ["10.0.0/8", "is not an address"],
  ["/8", "is not an address"],
  ["10.0.0.9-10.0.0.1", "starts after it ends"],
  ["2001:db8::2-2001:db8::1", "starts after it ends"],
  ["10.0.0.1-2001:db8::1", "mixes IPv4 and IPv6"],
  ["2001:db8::1-10.0.0.1", "mixes IPv4 and IPv6"],
  ["10.0.0.0/33", "no prefix length from 0 to 32"],
  ["10.0.0.0/", "no prefix length from 0 to 32"],
  ["10.0.0.0/-1", "no prefix length from 0 to 32"],
  ["10.0.0.0/8a", "no prefix length from 0 to 32"],
  ["10.0.0.0/8/8", "no prefix length from 0 to 32"],
  ["10.0.0.0/0008", "no prefix length from 0 to 32"],
  ["10.0.0.0/255.0.0.0", "no prefix length from 0 to 32"],
  ["::/129", "no prefix length from 0 to 128"],
  ["10.0.0.1/8", "bits set after its first 8"],
  ["10.0.0.1/0", "bits set after its first 0"],
  ["10.0.0.1/31", "bits set after its first 31"],
  ["2001:db8::1/32", "bits set after its first 32"],
  ["fe00::/6", "bits set after its first 6"],
  ["2001:db8:4000::/33", "bits set after its first 33"],
  ["::1/127", "bits set after its first 127"],
  ["::1/0", "bits set after its first 0"],
];

/** Peers and whether the default trusted proxies hold them. */
export const trustedByDefault: readonly (readonly [peer: string, isTrusted: boolean])[] = [
  ["127.0.0.1", true],
  ["127.255.255.255", true],
  ["128.0.0.0", false],
  ["126.255.255.255", false],
  ["9.255.255.255", false],
  ["10.0.0.0", true],
  ["10.255.255.255", true],
  ["11.0.0.0", false],
  ["172.15.255.255", false],
  ["172.16.0.0", true],
  ["172.31.255.255", true],
  ["172.32.0.0", false],
  ["192.167.255.255", false],
  ["192.168.0.0", true],
  ["192.168.255.255", true],
  ["192.169.0.0", false],
  ["8.8.8.8", false],
  ["::1", true],
  ["::2", false],
  ["::", false],
  ["fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false],
  ["fc00::", true],
  ["fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true],
  ["fe00::", false],
  ["2001:db8::1", false],
  ["::ffff:10.1.2.3", true],
  ["::ffff:8.8.8.8", false],
  ["unix:", true],
  ["unix:/run/x.sock", true],
  ["", false],
  ["localhost", false],
];

export interface ClientAddressCase {
  readonly name: string;
  readonly trusted: boolean;
  readonly peer?: string;
  readonly realIp?: string;
  readonly forwardedFor?: string;
  readonly address?: string;
}

export const clientAddresses: readonly ClientAddressCase[] = [
  { name: "the peer's own where no header is sent", trusted: true, peer: "10.0.0.1", address: "10.0.0.1" },
  { name: "X-Real-IP from a trusted peer", trusted: true, peer: "10.0.0.1", realIp: "1.2.3.4", address: "1.2.3.4" },
  {
    name: "X-Real-IP before X-Forwarded-For",
    trusted: true,
    peer: "10.0.0.1",
    realIp: "1.2.3.4",
    forwardedFor: "5.6.7.8",
    address: "1.2.3.4",
  },
  { name: "X-Forwarded-For alone", trusted: true, peer: "10.0.0.1", forwardedFor: "5.6.7.8", address: "5.6.7.8" },
  {
    name: "the first of X-Forwarded-For",
    trusted: true,
    peer: "10.0.0.1",
    forwardedFor: " 5.6.7.8 , 10.0.0.2, 10.0.0.3",
    address: "5.6.7.8",
  },
  {
    name: "the peer's own when a stranger sends headers",
    trusted: false,
    peer: "8.8.8.8",
    realIp: "1.2.3.4",
    forwardedFor: "5.6.7.8",
    address: "8.8.8.8",
  },
  { name: "unknown where there is no peer", trusted: false, realIp: "1.2.3.4" },
];
