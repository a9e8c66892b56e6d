/**
 * Divtypes and the userinfo parsers that go with them. To register a diversion module of your own, add a line here, or
 * better name it under `divtypes` in dygateway.yaml, which an upgrade does not replace.
 */
export const divtypes: Record<string, string> = {
  iprange: "ipParser",
  uidrange: "uidParser",
  uidsuffix: "uidParser",
  uidappoint: "uidParser",
  arg_city: "cityParser",
  url: "urlParser",
  percent: "uidParser",
  header: "requestParser",
  cookie: "requestParser",
  arg: "requestParser",
};
