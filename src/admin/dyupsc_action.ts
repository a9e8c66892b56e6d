import { serveDyupsc } from "../dygateway/gateway/dyupsc.ts";

serveDyupsc();
