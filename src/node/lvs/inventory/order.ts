/** By code units: the same order on every machine, whatever its language. */
export const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The first of several orders that tells two things apart. */
export const firstDifference = (...orders: readonly number[]): number => orders.find((order) => order !== 0) ?? 0;
