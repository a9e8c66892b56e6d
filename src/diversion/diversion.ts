import { rewrite } from "../dygateway/gateway/rewrite.ts";

rewrite();
