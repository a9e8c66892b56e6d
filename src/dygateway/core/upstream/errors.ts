import { errorInfo, errorOf } from "../errors.ts";
import type { GatewayError } from "../errors.ts";

/** @param statement of the body, from 1; 0 speaks of the body as a whole. */
export const upstreamInvalid = (statement: number, reason: string): GatewayError =>
  errorOf(errorInfo.PARAMETER_ERROR, `upstream body: ${statement > 0 ? `statement ${statement}: ` : ""}${reason}`);

export const upstreamNameInvalid = (reason: string): GatewayError =>
  errorOf(errorInfo.PARAMETER_TYPE_ERROR, `arg upstream invalid: ${reason}`);

export const serverAddressInvalid = (reason: string): GatewayError =>
  errorOf(errorInfo.PARAMETER_TYPE_ERROR, `server address invalid: ${reason}`);

export const upstreamConfBroken = (line: number, reason: string): GatewayError =>
  errorOf(errorInfo.PARAMETER_ERROR, `upstream.conf: line ${line}: ${reason}`);
