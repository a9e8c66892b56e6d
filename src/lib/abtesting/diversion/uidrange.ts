import { diversionModule } from "../diversion_module.ts";

const { create, check, set, get, getUpstream } = diversionModule("uidrange");

export { check, create as new, get, getUpstream, set };
