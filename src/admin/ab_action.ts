import { serveAdmin } from "../dygateway/gateway/admin.ts";

serveAdmin();
