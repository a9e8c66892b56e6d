import * as fs from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../write_whole.ts";
import { jobEvent, jobId, jobSchema, type Job, type JobEvent } from "./job.ts";

/**
 * Jobs on disk: `<id>.json` says how one stands and is replaced whole; `<id>.ndjson` grows by an event a line. A kill
 * loses at most the end of the last line.
 */
export class JobStore {
  readonly #folder: string;

  /** @param state the service's state folder. */
  constructor(state: string) {
    this.#folder = join(state, "jobs");
    fs.mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
  }

  #path(id: string, ending: "json" | "ndjson"): string {
    return join(this.#folder, `${jobId.parse(id)}.${ending}`);
  }

  save(job: Job): void {
    writeWhole(this.#path(job.id, "json"), `${JSON.stringify(job, null, 2)}\n`, 0o600);
  }

  append(id: string, event: JobEvent): void {
    fs.appendFileSync(this.#path(id, "ndjson"), `${JSON.stringify(event)}\n`, { mode: 0o600 });
  }

  /** Undefined where there is no such job, or its file is not usable. */
  read(id: string): Job | undefined {
    if (!jobId.safeParse(id).success) return undefined;
    const parsed = jobSchema.safeParse(readJson(this.#path(id, "json")));
    return parsed.success ? parsed.data : undefined;
  }

  /** The events after one of them, in order; what a kill has cut off is left out. */
  events(id: string, after: number): JobEvent[] {
    const file = this.#path(id, "ndjson");
    const lines = fs.existsSync(file) ? fs.readFileSync(file, "utf8").split("\n") : [];
    return lines.flatMap((line) => {
      const parsed = jobEvent.safeParse(parseJson(line));
      return parsed.success && parsed.data.id > after ? [parsed.data] : [];
    });
  }

  /** Ids, the newest first. */
  ids(): string[] {
    const names = fs.readdirSync(this.#folder).filter((name) => name.endsWith(".json"));
    return names
      .map((name) => name.slice(0, -".json".length))
      .filter((id) => jobId.safeParse(id).success)
      .sort()
      .reverse();
  }

  remove(id: string): void {
    for (const ending of ["json", "ndjson"] as const) fs.rmSync(this.#path(id, ending), { force: true });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readJson(file: string): unknown {
  try {
    return parseJson(fs.readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
