/** The address of each real server, as it was found when rendering began. */
export type Pinned = ReadonlyMap<string, string>;

/** A name that nobody resolved is a mistake of the caller: `resolveRealServers` pins all of a cluster or refuses. */
export function addressOf(pinned: Pinned, name: string): string {
  const address = pinned.get(name);
  if (address === undefined) throw new Error(`the real server ${name} was not resolved before rendering`);
  return address;
}
