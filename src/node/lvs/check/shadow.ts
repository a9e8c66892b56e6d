import type { Dialect } from "../inventory/model.ts";
import type { ReleaseFile } from "../render/release.ts";

const fullnatOnly = /^ *(?:syn_proxy|laddr_group_name \S+|est_timeout \S+|establish_timeout \S+|vip_bind_dev \S+)$/;

/**
 * The keepalived files of a FULLNAT dialect as mainline's would be written, so that mainline's parser can judge the
 * rest: 1.2.2 has no test at all, and that of dpvs misses much. What only FULLNAT has is blanked, not removed, so that
 * line numbers stay.
 */
export function shadowFiles(files: readonly ReleaseFile[], dialect: Dialect): readonly ReleaseFile[] {
  if (dialect === "mainline") return files;
  return files.map((file) => {
    if (!isKeepalived(file.path)) return file;
    const text = shadowText(file.text);
    const isBare = file.path === "keepalived.conf" && !text.includes("enable_script_security");
    return { ...file, text: isBare ? text + scriptSecurity : text };
  });
}

/** Behind everything else, for the line numbers. */
const scriptSecurity = "global_defs {\n    script_user root\n    enable_script_security\n}\n";

export const isKeepalived = (path: string): boolean => path === "keepalived.conf" || path.startsWith("vips/");

function shadowText(text: string): string {
  let inLocalAddresses = false;
  const lines = text.split("\n").map((line) => {
    if (line.startsWith("local_address_group ")) inLocalAddresses = true;
    const isBlank = inLocalAddresses || fullnatOnly.test(line);
    if (line === "}") inLocalAddresses = false;
    if (isBlank) return "";
    return line
      .replace(/^( *lb_kind) FNAT$/, "$1 NAT")
      .replace(/^( *)nb_get_retry /, "$1retry ")
      // No mainline scheduler has that name, and what its parser thinks of it is of no interest.
      .replace(/^( *lb_algo) conhash$/, "$1 sh");
  });
  return lines.join("\n");
}
