import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DyupsStandIn } from "../e2e/support/dyups_stand_in.ts";
import { Sandbox, type Run } from "./support/sandbox.ts";

let standIn: DyupsStandIn;
let url: string;

beforeEach(async () => {
  standIn = new DyupsStandIn();
  url = `http://127.0.0.1:${await standIn.listen()}`;
});
afterEach(() => standIn.stop());

function run(...argv: string[]): Promise<Run> {
  return new Sandbox().run(["dyups", ...argv, "--url", url], {});
}

/** The path of a file with this text, gone when the test is. */
function file(text: string): string {
  const path = new Sandbox().path("body");
  writeFileSync(path, text);
  return path;
}

describe("dyups set, get, list, detail and delete", () => {
  it("drive an interface of the protocol", async () => {
    expect(await run("list")).toEqual({ code: 0, out: "", err: "" });
    expect(await run("set", "beta1", file("server 10.0.0.1:80 weight=2;\nserver 10.0.0.2:80;\n"))).toEqual({ code: 0, out: "upstream beta1 set", err: "" });
    expect(standIn.upstreams.get("beta1")).toBe("server 10.0.0.1:80 weight=2;\nserver 10.0.0.2:80;\n");
    expect((await run("list")).out).toBe("beta1");
    expect((await run("get", "beta1")).out).toBe("server 10.0.0.1:80\nserver 10.0.0.2:80");
    expect((await run("detail")).out.split("\n").slice(0, 2)).toEqual(["beta1", "server 10.0.0.1:80 weight=2 max_conns=0 max_fails=1 fail_timeout=10 backup=0 down=0"]);
    expect(await run("delete", "beta1")).toEqual({ code: 0, out: "upstream beta1 deleted", err: "" });
    expect(standIn.upstreams.size).toBe(0);
  });

  it("say with 1 what the interface says, the reason too", async () => {
    expect(await run("set", "beta1", file("server 10.0.0.1:80"))).toEqual({
      code: 1,
      out: "",
      err: "dygateway: add server failed: parameter error for upstream body: statement 1: a ';' is missing after 'server 10.0.0.1:80' (500)",
    });
    for (const command of ["get", "delete"]) {
      expect(await run(command, "nowhere")).toEqual({ code: 1, out: "", err: "dygateway: there is no upstream 'nowhere' (404)" });
    }
    standIn.mood = "busy";
    expect(await run("set", "beta1", file("server 10.0.0.1:80;"))).toEqual({ code: 1, out: "", err: "dygateway: the answer was 409" });
  });

  it("ask for force where the operator does", async () => {
    expect((await run("set", "a", file("server 10.0.0.1:80;"), "--force")).code).toBe(0);
    expect((await run("delete", "a", "--force")).code).toBe(0);
    expect(standIn.log.map((line) => line.split(" ", 2).join(" "))).toEqual(["POST /upstream/a?force=1", "DELETE /upstream/a?force=1"]);
  });

  it("print nothing that a terminal would obey", async () => {
    standIn.upstreams.set("evil\u001b[31m", "server 10.0.0.1:80;");
    expect((await run("list")).out).not.toContain("\u001b");
  });
});

describe("the endpoint", () => {
  it("comes from the environment where no option names it", async () => {
    const fromEnvironment = await new Sandbox().run(["dyups", "list"], { DYGATEWAY_DYUPS_URL: url });
    expect(fromEnvironment.code).toBe(0);
    const nowhere = await new Sandbox().run(["dyups", "list"], {});
    expect(nowhere.code).toBe(2);
    expect(nowhere.err).toContain("--url is missing, and DYGATEWAY_DYUPS_URL is not set");
  });

  it("may have a path and a token", async () => {
    const heads: (readonly [string, string])[] = [];
    const server: Server = createServer((request, answer) => {
      heads.push([request.url ?? "", request.headers.authorization ?? ""]);
      answer.end("success");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    await new Sandbox().run(["dyups", "get", "a b", "--url", `http://127.0.0.1:${port}/dyups/`, "--token", "secret"], {});
    await new Sandbox().run(["dyups", "list", "--url", `http://127.0.0.1:${port}/dyups`], { DYGATEWAY_DYUPS_TOKEN: "other" });
    await new Promise((resolve) => server.close(resolve));
    expect(heads).toEqual([["/dyups/upstream/a%20b", "Bearer secret"], ["/dyups/list", "Bearer other"]]);
  });

  const wrong: readonly (readonly [url: string, words: string])[] = [
    ["127.0.0.1:8080", "a URL is expected"],
    ["ftp://127.0.0.1/", "http or https is expected"],
    ["http://127.0.0.1/dyups?x=1", "it ends before the protocol's own paths"],
  ];
  it.each(wrong)("%s is refused", async (given, words) => {
    const { code, err } = await new Sandbox().run(["dyups", "list", "--url", given], {});
    expect(code).toBe(2);
    expect(err).toContain(words);
  });

  it("that is not there, or silent, is said with 2", async () => {
    standIn.mood = "slow";
    const silent = await run("list", "--timeout", "0.1");
    expect(silent).toMatchObject({ code: 2, err: `dygateway: ${url}/: no answer in 0.1 s` });
    await standIn.stop();
    const { code, err } = await run("list");
    expect(code).toBe(2);
    expect(err).toContain("ECONNREFUSED");
  });
});
