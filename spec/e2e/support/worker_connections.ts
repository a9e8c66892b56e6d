import { KeptConnection } from "../promises/kept_connection.ts";
import { WORKERS } from "./cluster.ts";

const MOST_TRIED = 500;

/** Opens connections until `isEnough` of them, by the worker that answers on them. */
async function open(port: number, path: string, isEnough: (byWorker: ReadonlyMap<string, readonly KeptConnection[]>) => boolean): Promise<Map<string, KeptConnection[]>> {
  const byWorker = new Map<string, KeptConnection[]>();
  for (let tried = 0; !isEnough(byWorker); tried++) {
    if (tried === MOST_TRIED) {
      throw new Error(`${tried} connections reach ${byWorker.size} workers, and not enough of each`);
    }
    const connection = new KeptConnection(port);
    const { head } = await connection.ask(`GET ${path} HTTP/1.1\r\nHost: any.test\r\n\r\n`);
    const worker = /x-worker: (\d+)/i.exec(head)?.[1] ?? "the only one";
    byWorker.set(worker, [...(byWorker.get(worker) ?? []), connection]);
  }
  return byWorker;
}

export function closeAll(connections: readonly KeptConnection[]): void {
  for (const connection of connections) {
    connection.close();
  }
}

/** Connections to the same worker: only there do requests that run at the same time count for each other. */
export async function connectionsToOneWorker(port: number, count: number): Promise<KeptConnection[]> {
  const all = await open(port, "/", (byWorker) => [...byWorker.values()].some((connections) => connections.length >= count));
  const lists = [...all.values()];
  const found = lists.find((connections) => connections.length >= count) ?? [];
  closeAll(lists.filter((connections) => connections !== found).flat());
  return found;
}

/** One connection to each worker of a gateway. @param path of a request that is answered with 200. */
export async function connectionToEachWorker(port: number, path: string): Promise<KeptConnection[]> {
  const all = await open(port, path, (byWorker) => byWorker.size === WORKERS);
  return [...all.values()].map(([first, ...others]) => {
    closeAll(others);
    return first as KeptConnection;
  });
}
