/** What must exist after a build, relative to the directory of the emitted Lua. One list, for the build and for the install tree. */
export const luaEntries: readonly string[] = [
  "diversion/diversion.lua",
  "admin/ab_action.lua",
  "admin/dyupsc_action.lua",
  "admin/dyups_action.lua",
  "dygateway/phases/init.lua",
  "dygateway/phases/init_worker.lua",
  "dygateway/phases/rewrite.lua",
  "dygateway/phases/set.lua",
  "dygateway/phases/balancer.lua",
  "dygateway/phases/log.lua",
  "lib/abtesting/error/errcode.lua",
  "lib/abtesting/utils/init.lua",
  "lualib_bundle.lua",
];
