import {
  answerAgain,
  claimMessage,
  commandChannels,
  doneCommands,
  failedCommands,
  messageCounter,
  sendCommands,
} from "../core/admin/dyups_claims.ts";
import type { CommandChannels, Message } from "../core/admin/dyups_claims.ts";
import { LONGEST_MESSAGE, readPublished, replyAbout } from "../core/admin/dyups_instruction.ts";
import type { AskedInstruction, Published } from "../core/admin/dyups_instruction.ts";
import type { InstructionOutcome, PlannedInstruction } from "../core/admin/upstream_changes.ts";
import { actionFailed, errorInfo } from "../core/errors.ts";
import { printJson } from "../core/json/print.ts";
import { failure, noPause, success } from "../core/result.ts";
import type { Pause, Result } from "../core/result.ts";
import type { Change } from "../core/store/transaction.ts";
import { changeContext } from "./admin_context.ts";
import { logErrorOfSubject, logErrorSometimes } from "./log.ts";
import { thisNode } from "./node_settings.ts";
import { semaphoreModule } from "./platform.ts";
import { changeStore, readStore } from "./redis.ts";
import { staticUpstreams } from "./static_upstreams.ts";

/** Messages that wait at most; more than that come from somebody who does not wait for anything. */
const MOST_WAITING = 10000;
const WAIT_SECONDS = 0.2;
/** Between two looks at whether another node is done. */
const LOOK_SECONDS = 0.005;
/** How long messages that were heard before this worker is to exit are still carried out. */
const LEAVE_SECONDS = 2;
/** Between two attempts where the store does not answer. */
const RETRY_SECONDS = 0.5;
const ATTEMPTS = 3;

/** Instructions that come by Redis pub/sub: every node hears them, and one carries each of them out. */
export interface Commands {
  readonly channel: string;
  /** Takes a message; returns at once. */
  readonly hear: (this: void, text: string) => void;
  /** Carries out what was heard, in its order, until `stop` says so; a light thread of its own. */
  readonly run: (this: void) => void;
}

interface Heard {
  readonly text: string;
  readonly digest: string;
  /** The how manieth of those that say the same. */
  readonly count: number;
}

function logBad(published: Published, code: number, desc: string): void {
  const name = published.id === "" ? "without an id" : `'${published.id}'`;
  logErrorOfSubject(`dyupsc ${code}`, published.subject, `an instruction ${name} that was published is not carried out: ${desc}`);
}

/** The instruction's change, which says in the same transaction that it is done. */
function* withReply(
  planned: Change<InstructionOutcome>,
  channels: CommandChannels,
  message: Message,
): Change<InstructionOutcome> {
  const change = yield* planned;
  if (!change.ok) {
    return change;
  }
  const { commands, revision, answer } = change.value;
  const reply = printJson(replyAbout(message.id, success({ detail: answer.detail, revision })), noPause);
  for (const command of doneCommands(channels, message, reply)) {
    commands.push(command);
  }
  return change;
}

export function createCommands(pause: Pause, stopping: (this: void) => boolean): Commands {
  const { settings, keys } = thisNode();
  const channels = commandChannels(keys.prefix);
  const countMessage = messageCounter();
  const [semaphore] = semaphoreModule.new(0);
  let queue: Heard[] = [];
  let head = 0;
  let leaveAt = 0;

  /** Whether this worker is to exit and has had its time for what it has heard. */
  function isOver(): boolean {
    if (leaveAt === 0 && stopping()) {
      leaveAt = ngx.now() + LEAVE_SECONDS;
    }
    return leaveAt > 0 && ngx.now() > leaveAt;
  }

  function hear(text: string): void {
    if (text.length > LONGEST_MESSAGE) {
      logErrorSometimes("dyupsc long", `an instruction of ${text.length} bytes was published; at most ${LONGEST_MESSAGE} are taken`);
      return;
    }
    const digest = ngx.md5(text);
    const count = countMessage(digest, ngx.now());
    if (queue.length - head >= MOST_WAITING) {
      logErrorSometimes("dyupsc many", `more than ${MOST_WAITING} published instructions are waiting; later ones are not heard`);
      return;
    }
    queue.push({ text, digest, count });
    semaphore?.post(1);
  }

  /** A refusal of the instruction itself stands; one of the store does not. */
  function conclude(published: Published, message: Message, done: Result<unknown>): void {
    if (done.ok) {
      return;
    }
    const { code, desc } = done.error;
    logBad(published, code, desc);
    const reply = printJson(replyAbout(message.id, failure(done.error)), pause);
    const isStores = code === errorInfo.REDIS_ERROR[0] || code === errorInfo.REDIS_CONNECT_ERROR[0];
    const commands = isStores ? failedCommands(channels, message, reply) : doneCommands(channels, message, reply);
    const said = readStore(settings.redis, sendCommands(commands));
    if (!said.ok) {
      logErrorSometimes("dyupsc reply", `the answer to an instruction could not be published: ${said.error.desc}`);
    }
  }

  function change(planned: PlannedInstruction, message: Message): Result<unknown> {
    const context = changeContext(keys, "redis", message.id === "" ? "dyupsc" : `dyupsc ${message.id}`, pause);
    const statics = staticUpstreams();
    return changeStore(settings.redis, () => withReply(planned(context, statics), channels, message));
  }

  function carryOut(asked: Result<AskedInstruction>, message: Message): Result<unknown> {
    if (!asked.ok) {
      return asked;
    }
    const { action, instruction, parameters } = asked.value;
    const [ran, outcome] = pcall(() => {
      const planned = instruction(parameters, pause);
      return planned.ok ? change(planned.value, message) : planned;
    });
    return ran ? outcome : failure(actionFailed(action, tostring(outcome)));
  }

  /** Where another node is at it, waits until it is done: whoever publishes one after the other means them in that order. */
  function take({ text, digest, count }: Heard): void {
    const published = readPublished(text, pause);
    const name = published.id === "" ? `${digest}:${count}` : published.id;
    const message: Message = { key: channels.claim(name), id: published.id };
    for (let failures = 0; failures < ATTEMPTS && !isOver(); ) {
      const claimed = readStore(settings.redis, claimMessage(message));
      if (!claimed.ok) {
        failures++;
        logErrorSometimes("dyupsc claim", `a published instruction cannot be claimed: ${claimed.error.desc}`);
        ngx.sleep(RETRY_SECONDS);
      } else if (claimed.value.kind === "ours") {
        conclude(published, message, carryOut(published.asked, message));
        return;
      } else if (claimed.value.kind === "done") {
        if (claimed.value.repeated) {
          readStore(settings.redis, answerAgain(channels, message, claimed.value.reply));
        }
        return;
      } else {
        ngx.sleep(LOOK_SECONDS);
      }
    }
  }

  function next(): Heard | undefined {
    const heard = queue[head];
    if (heard !== undefined) {
      head++;
      if (head === queue.length) {
        queue = [];
        head = 0;
      }
    }
    return heard;
  }

  function run(): void {
    for (;;) {
      const heard = isOver() ? undefined : next();
      if (heard !== undefined) {
        const [ran, reason] = pcall(take, heard);
        if (!ran) {
          logErrorSometimes("dyupsc", `a published instruction broke: ${tostring(reason)}`);
        }
      } else if (leaveAt > 0) {
        return;
      } else {
        semaphore?.wait(WAIT_SECONDS);
      }
    }
  }

  return { channel: channels.commands, hear, run };
}
