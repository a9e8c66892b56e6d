import { describe, expect, it } from "vitest";
import { growing, trends, type Sample } from "../../bench/soak/samples.ts";

describe("what make soak calls growth", () => {
  const minutes = 3;
  const samples = (of: (minute: number) => Readonly<Record<string, number>>): Sample[] =>
    Array.from({ length: 37 }, (_, i) => ({ minute: 7 + i / 12, values: of(i / 12) }));
  const grown = (of: (minute: number) => Readonly<Record<string, number>>): string[] => growing(trends(samples(of), 7), minutes);

  it("is a slope, and not a high sample", () => {
    expect(grown((minute) => ({ "RSS of a worker, MB": minute === 2 ? 40 : 22, "descriptors of a worker, most": 60 + (minute % 1) * 9 }))).toEqual([]);
    expect(grown((minute) => ({ "RSS of a worker, MB": 22 + minute }))).toEqual(["RSS of a worker, MB: 3.0 more in 3.0 minutes, from 22.0"]);
    expect(grown((minute) => ({ "descriptors of a worker, most": 60 + 5 * minute, "timers pending, most": 3 + minute }))).toHaveLength(2);
  });

  it("says nothing of what may grow", () => {
    expect(grown((minute) => ({ "free in the shared dict, MB": 500 + 10 * minute }))).toEqual([]);
  });
});
