/** redis.conf as Redis reads it: lines, then words (sdssplitargs). Throws where Redis would. */
export function readRedis(text: string): string[][] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map(words);
}

function words(line: string): string[] {
  const found: string[] = [];
  let at = 0;
  while (at < line.length) {
    while (/\s/.test(line[at] ?? "")) at += 1;
    if (at >= line.length) break;
    const bytes: number[] = [];
    if (line[at] === '"') {
      for (at += 1; line[at] !== '"'; at += 1) {
        if (at >= line.length) throw new Error(`unbalanced quotes: ${line}`);
        const hex = /^\\x([0-9a-f]{2})/i.exec(line.slice(at))?.[1];
        if (hex !== undefined) {
          bytes.push(parseInt(hex, 16));
          at += 3;
        } else {
          if (line[at] === "\\") at += 1;
          bytes.push(...Buffer.from(line[at] ?? ""));
        }
      }
      at += 1;
      if (at < line.length && !/\s/.test(line[at] ?? "")) throw new Error(`text after a quote: ${line}`);
    } else {
      if (line[at] === "'") throw new Error(`a single quote: ${line}`);
      while (at < line.length && !/\s/.test(line[at] ?? "")) bytes.push(...Buffer.from(line[at++] ?? ""));
    }
    found.push(Buffer.from(bytes).toString("utf8"));
  }
  return found;
}
