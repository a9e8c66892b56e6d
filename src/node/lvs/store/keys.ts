/**
 * The keys of the inventory. `cluster:<name>` is the predecessor's, which has no prefix; so the inventory of one Redis
 * database is one, whatever `redis.prefix` the gateways have that change it. Names have no colon, so that no cluster's
 * key is another's versions.
 */
const CLUSTER = "cluster:";

export const clusterKey = (name: string): string => `${CLUSTER}${name}`;

/** A list of what every version was, the last one first. */
export const versionsKey = (name: string): string => `${CLUSTER}${name}:versions`;

/** A hash from wstype to what it is for. */
export const wstypesKey = "lvs:wstypes";

export const clusterPattern = `${CLUSTER}*`;

/** The cluster whose hash a key is, or undefined. */
export function clusterOfKey(key: string): string | undefined {
  const name = key.startsWith(CLUSTER) ? key.slice(CLUSTER.length) : "";
  return isClusterKeyName(name) ? name : undefined;
}

/** Can it be the name of a stored cluster? Names of ours are stricter; another tool's may be shown and deleted. */
export const isClusterKeyName = (name: string): boolean => name !== "" && !name.includes(":");
