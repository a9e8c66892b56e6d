/** An hour, while nothing happens. */
const MANY_ROUNDS = 4000;
/** The same while one change follows the other: for the better part of a second, nobody would follow them. */
const MOST_ROUNDS = 16000;

/**
 * Whether the leading worker's work is to be begun anew, by another timer: nginx keeps a record of each coroutine until
 * the timer ends that it was made in, and a round makes a few (about 1 KB for a change).
 */
export function isTimeToBeginAnew(rounds: number, isQuiet: boolean): boolean {
  return rounds >= (isQuiet ? MANY_ROUNDS : MOST_ROUNDS);
}
