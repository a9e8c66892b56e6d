import { serveDyups } from "../dygateway/gateway/dyups_http.ts";

serveDyups();
