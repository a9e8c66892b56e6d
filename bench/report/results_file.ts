import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { sectionNames, type BenchSettings, type SectionName } from "../settings.ts";
import type { SectionReport, Target } from "./section.ts";

const width = 80;

/** What a target came to; figures of smaller tables say nothing about the issue's. */
export function verdict(target: Target, scale: number): string {
  const result = target.ratio <= 1 ? "reached" : `not reached${Number.isFinite(target.ratio) ? ` (by ${((target.ratio - 1) * 100).toFixed(1)} %)` : ""}`;
  const judged = Number.isNaN(target.ratio) ? "not measured" : result;
  return `${judged}: ${target.wanted}: ${target.measured}${scale === 1 ? "" : ` (SCALE=${scale}: not the sizes that count)`}`;
}

/** The section as a person reads it on the terminal and in the file. */
export function sectionText(report: SectionReport, scale: number): string {
  const verdicts = report.targets.map((target) => wrap(`- ${verdict(target, scale)}`, "  "));
  const blocks = report.tables.map((text) => (text.includes("\n") ? `\`\`\`\n${text}\n\`\`\`` : wrap(text, "")));
  return [wrap(report.method, ""), ...blocks, verdicts.join("\n")].filter((part) => part !== "").join("\n\n");
}

/**
 * Writes the report. Sections that were not measured this time stay as they are, each with the date, versions and
 * parameters of its own measurement.
 */
export function writeResults(
  settings: BenchSettings,
  machine: readonly string[],
  command: string,
  reports: ReadonlyMap<SectionName, SectionReport>,
): void {
  const old = existsSync(settings.results) ? readFileSync(settings.results, "utf8") : "";
  const sections = sectionNames.flatMap((name) => {
    const report = reports.get(name);
    const kept = new RegExp(`<!-- ${name} -->\\n([\\s\\S]*?)<!-- end of ${name} -->`).exec(old)?.[1]?.trimEnd();
    const text = report === undefined ? kept : section(report, settings, machine, command);
    return text === undefined ? [] : [`<!-- ${name} -->\n${text}\n<!-- end of ${name} -->`];
  });
  const verdicts = sections.flatMap((text) => text.match(/^- (?:reached|not reached|not measured).*(?:\n {2}.*)*/gm) ?? []);
  const head = "# What `make bench` measured\n\nWritten by `make bench`; measure again instead of editing.";
  writeFileSync(settings.results, `${[head, "## Targets", verdicts.join("\n"), ...sections].join("\n\n")}\n`);
}

function section(report: SectionReport, settings: BenchSettings, machine: readonly string[], command: string): string {
  const { rounds, seconds, scale } = settings;
  const facts = [
    `measured: ${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC, ROUNDS=${rounds} SECONDS=${seconds} SCALE=${scale}`,
    `command: ${command}`,
    ...machine,
  ];
  return `## ${report.title}\n\n${sectionText(report, scale)}\n\n\`\`\`\n${facts.map((fact) => wrap(fact, "  ")).join("\n")}\n\`\`\``;
}

function wrap(text: string, indent: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = `${indent}${word}`;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join("\n");
}
