/**
 * Whether a text can be an md5 key of OSPF: printable ASCII without what FRR's and a router's command lines give a
 * meaning of their own (`!` and `#` begin comments, `|` and `?` are commands, quotes and `\` quote).
 */
export function isOspfKeyText(key: string): boolean {
  return /^[!-~]+$/.test(key) && !/["'`\\|?#!]/.test(key);
}
