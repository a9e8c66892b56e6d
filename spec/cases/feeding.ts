import { byteText } from "../../src/dygateway/core/byte_text.ts";
import type { MatcherBuilder } from "../../src/dygateway/core/diversion/diversion_type.ts";
import { eachSpan } from "../../src/dygateway/core/json/pairs_text.ts";
import { printJson } from "../../src/dygateway/core/json/print.ts";
import { noPause } from "../../src/dygateway/core/result.ts";
import type { StoredTexts } from "./stored_texts.ts";

/** `texts`: pair by pair, as from Redis. `spans`: as they lie in the JSON of a chunk in the shared dict, where the type takes that. */
export type Way = "texts" | "spans";

/** Gives stored pairs to a builder in the way that a worker does. */
export function feed(builder: MatcherBuilder, { divdata, ipv6 }: StoredTexts, way: Way): void {
  const addSpan = way === "spans" ? builder.addSpan : undefined;
  const read = addSpan === undefined ? 0 : eachSpan(byteText(printJson(divdata, noPause)), addSpan);
  for (let i = (read ?? divdata.length) * 2; i + 1 < divdata.length; i += 2) {
    builder.addDivdata(divdata[i] ?? "", divdata[i + 1] ?? "");
  }
  for (let i = 0; i + 1 < ipv6.length; i += 2) {
    builder.addIpv6(ipv6[i] ?? "", ipv6[i + 1] ?? "");
  }
}
