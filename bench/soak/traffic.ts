import { setTimeout as pause } from "node:timers/promises";
import {
  appointedUid,
  firstGroup,
  otherIp,
  otherUid,
  rangedIp,
  rangedUid,
  secondGroup,
  type Population,
} from "../population.ts";
import { Connection, ConnectionLost, type PlainAnswer } from "./connection.ts";
import { below, type Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

/** The groups that take turns; upstreams of level 1, 2, 3. */
export const groups = [firstGroup, secondGroup] as const;

export interface Tally {
  sent: number;
  right: number;
  /** An answer of the group before, less than 100 ms after the change was answered. */
  late: number;
  /** An answer that no group possible at that time gives. */
  astray: number;
  /** No answer, or one of 5xx, also not on another connection. */
  failed: number;
  /** Sent once more because the connection ended before an answer began: a worker went. */
  again: number;
  readonly examples: string[];
  /** Milliseconds of those that were answered at the first attempt, one in ten. */
  readonly times: number[];
}

interface Person {
  readonly uid: number;
  readonly ip: string;
  /** 0 to 2; 3 is none. */
  readonly level: number;
}

const attempts = 3;
const timeoutMs = 5_000;
const mostExamples = 20;
const oneTimeIn = 10;

export function emptyTally(): Tally {
  return { sent: 0, right: 0, late: 0, astray: 0, failed: 0, again: 0, examples: [], times: [] };
}

/** Sends distinct users over kept connections, and checks every answer. */
export class Traffic {
  readonly tally = emptyTally();
  private readonly port: number;
  private readonly people: Population;
  private readonly timeline: Timeline;
  private readonly random: Random;
  private stopped = false;
  private users = 0;

  constructor(port: number, people: Population, timeline: Timeline, random: Random) {
    this.port = port;
    this.people = people;
    this.timeline = timeline;
    this.random = random;
  }

  /** Runs until it is stopped. @param pauseMs between two requests of a connection. */
  async run(connections: number, pauseMs: number): Promise<void> {
    await Promise.all(Array.from({ length: connections }, () => this.oneConnection(pauseMs)));
  }

  stop(): void {
    this.stopped = true;
  }

  private async oneConnection(pauseMs: number): Promise<void> {
    let connection = new Connection(this.port);
    while (!this.stopped) {
      connection = await this.oneRequest(connection);
      await pause(pauseMs);
    }
    connection.close();
  }

  /** @returns the connection for the next one. */
  private async oneRequest(first: Connection): Promise<Connection> {
    let connection = first;
    const person = this.person();
    this.tally.sent++;
    const number = this.tally.sent;
    let problem = "";
    for (let attempt = 1; attempt <= attempts; attempt++) {
      if (!connection.usable) {
        connection = new Connection(this.port);
      }
      const sent = performance.now();
      try {
        const answer = await connection.ask(request(person), timeoutMs);
        const answered = performance.now();
        if (attempt === 1 && number % oneTimeIn === 0) {
          this.tally.times.push(answered - sent);
        }
        this.check(person, answer, sent, answered);
        return connection;
      } catch (error) {
        if (!(error instanceof ConnectionLost)) {
          throw error;
        }
        problem = error.message;
        if (error.answerBegun) {
          break;
        }
        this.tally.again++;
      }
    }
    this.tally.failed++;
    this.example(`failed: uid ${person.uid}: ${problem}`);
    return connection;
  }

  private check(person: Person, answer: PlainAnswer, sent: number, answered: number): void {
    if (answer.status !== 200) {
      this.tally.failed++;
      this.example(`failed: uid ${person.uid}: status ${answer.status}`);
      return;
    }
    if (person.level === 3) {
      this.count(answer.backend === "stable" ? "right" : "astray", person, answer);
      return;
    }
    const group = groups.findIndex((upstreams) => upstreams[person.level] === answer.backend);
    this.count(group < 0 ? "astray" : this.timeline.judge(group, sent, answered), person, answer);
  }

  private count(verdict: "right" | "late" | "astray", person: Person, { backend }: PlainAnswer): void {
    this.tally[verdict]++;
    if (verdict === "astray") {
      this.example(`astray: uid ${person.uid}, IP ${person.ip}, level ${person.level + 1}: answered by ${backend}`);
    }
  }

  private example(what: string): void {
    if (this.tally.examples.length < mostExamples) {
      this.tally.examples.push(`${new Date().toISOString()} ${what}`);
    }
  }

  private person(): Person {
    const { people, random } = this;
    this.users++;
    const level = below(random, 4);
    const ipRange = below(random, people.ipRanges);
    const uid =
      level === 0
        ? appointedUid(below(random, people.uids))
        : level === 1
          ? rangedUid(below(random, people.uidRanges), this.users)
          : otherUid(this.users);
    return { uid, ip: level === 2 ? rangedIp(ipRange, this.users) : otherIp(ipRange, this.users), level };
  }
}

function request({ uid, ip }: Person): string {
  return `GET /feed HTTP/1.1\r\nHost: bench.test\r\nX-Uid: ${uid}\r\nX-Real-IP: ${ip}\r\n\r\n`;
}
