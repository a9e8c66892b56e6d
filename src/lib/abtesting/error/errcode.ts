import { errorInfo } from "../../../dygateway/core/errors.ts";

/** The table of `{code, words}` by name that diversion modules raise errors with: `error{ERRORINFO.X, desc}`. */
export const info = errorInfo;
