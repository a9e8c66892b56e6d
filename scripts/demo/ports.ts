import { createServer } from "node:net";
import { readFileSync } from "node:fs";
import { commandOf, processIds, socketInodesOf } from "./proc.ts";
import { DemoError, type UsedPort } from "./settings.ts";

const host = "127.0.0.1";

/** Refuses with one line that names the port, who has it and which setting moves it. */
export async function assertFree(ports: readonly UsedPort[]): Promise<void> {
  for (const { port, purpose, setting } of ports) {
    const problem = await tryToListen(port);
    if (problem === "EACCES") {
      throw new DemoError(`port ${port} (${purpose}) is for root only: choose one above 1023 with ${setting}=…`);
    }
    if (problem !== undefined) {
      throw new DemoError(`port ${port} (${purpose}) is taken${ownerOf(port)}: choose another with ${setting}=…`);
    }
  }
}

function tryToListen(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? error.message);
    });
    server.listen(port, host, () => {
      server.close(() => {
        resolve(undefined);
      });
    });
  });
}

/** Asks the kernel and not `ss` or `lsof`, which a small machine lacks. Others' sockets are only root's to see. */
function ownerOf(port: number): string {
  const inodes = listeningInodes(port);
  for (const pid of inodes.size === 0 ? [] : processIds()) {
    if (socketInodesOf(pid).some((inode) => inodes.has(inode))) {
      const command = commandOf(pid);
      return ` by process ${pid} (${command.length > 60 ? `${command.slice(0, 59)}…` : command})`;
    }
  }
  return "";
}

function listeningInodes(port: number): Set<string> {
  const listening = "0A";
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const inodes = new Set<string>();
  for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of readTable(file)) {
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(suffix) === true && fields[3] === listening && fields[9] !== undefined) {
        inodes.add(fields[9]);
      }
    }
  }
  return inodes;
}

function readTable(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch {
    return []; // no IPv6 in this kernel
  }
}
