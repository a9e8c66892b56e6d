interface Worker {
  readonly alive: boolean;
  readonly revision: number;
}

export interface NodeStatus {
  readonly workers: readonly Worker[];
  readonly revision: number;
}

/** Of the data of `status`: the workers that have what their node has read. They have it up to 20 ms after that. */
export function upToDate({ workers, revision }: NodeStatus): Worker[] {
  return workers.filter((worker) => worker.alive && worker.revision === revision);
}
