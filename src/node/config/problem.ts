/** Steps from the root of the file to a value: keys and list positions. */
export type ConfigPath = readonly (string | number)[];

/** Something the operator has to correct. `at` says whether a value is wrong or the key itself. */
export interface Problem {
  readonly path: ConfigPath;
  readonly at: "key" | "value";
  readonly text: string;
}

export interface LocatedProblem {
  readonly file: string;
  /** Both count from 1; 0 when the file as a whole is meant. */
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly text: string;
}

/** `hosts[0].locations[1].path`, as the operator finds it in the file. */
export function pathText(path: ConfigPath): string {
  return path
    .map((step, index) => {
      if (typeof step === "number") return `[${step}]`;
      if (!/^[A-Za-z0-9_-]+$/.test(step)) return `[${JSON.stringify(step)}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join("");
}

export function problemLine(problem: LocatedProblem): string {
  const place = problem.line === 0 ? problem.file : `${problem.file}:${problem.line}:${problem.column}`;
  return problem.path === "" ? `${place}: ${problem.text}` : `${place}: ${problem.path}: ${problem.text}`;
}
