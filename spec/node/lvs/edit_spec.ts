import { describe, expect, it } from "vitest";
import { differenceLines, differenceOf } from "../../../src/node/lvs/edit/difference.ts";
import * as edits from "../../../src/node/lvs/edit/edits.ts";
import { removalWords } from "../../../src/node/lvs/edit/guard.ts";
import type { ClusterDocument } from "../../../src/node/lvs/inventory/index.ts";
import { innerDocument } from "./inventory_documents.ts";

function done(edit: edits.Edit, document = innerDocument()): ClusterDocument {
  const edited = edit(document);
  if (!edited.ok) throw new Error(edited.error.desc);
  expect(document).toEqual(innerDocument());
  return edited.value;
}

const refused = (edit: edits.Edit): string => {
  const edited = edit(innerDocument());
  return edited.ok ? "done" : edited.error.desc;
};

const vipsOf = ({ vip2ws }: ClusterDocument): string[] => vip2ws.map(({ vip }) => vip);
const changesOf = (after: ClusterDocument): string[] => differenceLines(differenceOf(innerDocument(), after));

describe("an edit", () => {
  it("deletes neighbours, all of them", () => {
    expect(vipsOf(done(edits.deleteVips(["10.9.0.1", "10.9.0.2"])))).toEqual(["10.9.0.3"]);
    expect(vipsOf(done(edits.deleteVips(["10.9.0.2", "10.9.0.3"])))).toEqual(["10.9.0.1"]);
    expect(vipsOf(done(edits.deleteVips(["10.9.0.3", "10.9.0.2", "10.9.0.1"])))).toEqual([]);
    expect(done(edits.deletePorts("10.9.0.2", [80, 443])).vip2ws[1]?.ports).toEqual([]);
    expect(done(edits.deleteRealServers("10.9.0.1", ["nginx1.hy01", "NGINX2.hy01"])).vip2ws[0]?.wss).toEqual([]);
    expect(done(edits.deleteLbs(["lb1.inner.hy01", "lb2.inner.hy01"])).lbinfos).toEqual([]);
  });

  it("adds VIPs, load balancers, real servers and ports", () => {
    const ports = [{ sport: 80, dport: 80 }];
    expect(changesOf(done(edits.addVips([{ vip: "10.9.0.8", wstype: "apps", wss: ["a"], ports }])))).toEqual(["VIP added: 10.9.0.8"]);
    const lb = innerDocument().lbinfos.map((one) => ({ ...one, hostname: "lb3" })).slice(0, 1);
    expect(changesOf(done(edits.addLbs(lb)))).toEqual(["load balancer added: lb3"]);
    expect(changesOf(done(edits.addRealServers("10.9.0.2", ["b", { name: "c", weight: 2 }])))).toEqual(["real servers added: 10.9.0.2 b, 10.9.0.2 c"]);
    expect(changesOf(done(edits.addPorts("10.9.0.3", [{ sport: 81, dport: 81 }])))).toEqual(["port added: 10.9.0.3:81"]);
  });

  it("changes what is named of a port and nothing else", () => {
    const document = done(edits.modifyPort("10.9.0.2", 443, { persistence_timeout: 60, check: { type: "https" } }));
    expect(document.vip2ws[1]?.ports).toEqual([{ sport: 80, dport: 80 }, { sport: 443, dport: 443, persistence_timeout: 60, check: { type: "https" } }]);
    expect(changesOf(document)).toEqual(["port changed: 10.9.0.2:443"]);
    const back = edits.modifyPort("10.9.0.2", 443, { persistence_timeout: null, check: null })(document);
    expect(back).toEqual({ ok: true, value: innerDocument() });
  });

  it("changes the wstype of a VIP, and fields of the cluster", () => {
    expect(changesOf(done(edits.changeWstype("10.9.0.1", "search")))).toEqual(["VIP changed: 10.9.0.1"]);
    expect(changesOf(done(edits.modifyVip("10.9.0.1", { quorum: 2 })))).toEqual(["VIP changed: 10.9.0.1"]);
    expect(changesOf(done(edits.setFields({ scheduler: "wlc", ospf: null })))).toEqual(["changed: scheduler, ospf"]);
  });

  it.each<readonly [string, edits.Edit]>([
    ["there is no VIP 10.9.0.9; nothing was changed", edits.deleteVips(["10.9.0.1", "10.9.0.9"])],
    ["there is no load balancer lb9; nothing was changed", edits.deleteLbs(["LB9"])],
    ["there is no VIP 10.9.0.9; nothing was changed", edits.addPorts("10.9.0.9", [])],
    ['there is no VIP "x\\ny"; nothing was changed', edits.addPorts("x\ny", [])],
    ["there is no port 8080 of VIP 10.9.0.1; nothing was changed", edits.modifyPort("10.9.0.1", 8080, {})],
    ["there is no real server nginx9; nothing was changed", edits.deleteRealServers("10.9.0.1", ["nginx9"])],
    ["there is a VIP 10.9.0.1 already; nothing was changed", edits.addVips(innerDocument().vip2ws)],
    ["there is a load balancer lb1.inner.hy01 already; nothing was changed", edits.addLbs(innerDocument().lbinfos)],
    ["there is a real server nginx1.hy01 already; nothing was changed", edits.addRealServers("10.9.0.1", ["nginx1.HY01"])],
    ['"vip2ws" is no field that can be set; there are type, device, vipnets, dialect, lb_kind, scheduler, ospf', edits.setFields({ vip2ws: [] })],
    ['"vip" is no field that can be set; there are wstype, quorum, hysteresis', edits.modifyVip("10.9.0.1", { vip: "10.9.0.7" })],
    ['the document is of cluster "other", not hy-inner; a cluster keeps its name', edits.replaceWith({ ...innerDocument(), name: "other" })],
  ])("is refused: %s", (words, edit) => {
    expect(refused(edit)).toBe(words);
  });
});

describe("a change that removes", () => {
  const limits = { vips: 1, lbs: 1, realServers: 1 };
  const words = (after: ClusterDocument | undefined, most = limits): string | undefined =>
    removalWords(innerDocument(), after, differenceOf(innerDocument(), after), most);

  it("no more than the limits is nobody's business", () => {
    expect(words(innerDocument())).toBeUndefined();
    expect(words(done(edits.deleteVips(["10.9.0.1"])))).toBeUndefined();
    expect(words(done(edits.deleteRealServers("10.9.0.1", ["nginx1.hy01"])))).toBeUndefined();
    expect(removalWords(undefined, innerDocument(), differenceOf(undefined, innerDocument()), limits)).toBeUndefined();
  });

  it("more has to be meant, and the words say how much it is", () => {
    expect(words(done(edits.deleteVips(["10.9.0.1", "10.9.0.2"])))).toBe("removes 2 VIPs (more than 1)");
    expect(words(done(edits.deleteRealServers("10.9.0.1", ["nginx1.hy01", "nginx2.hy01"])))).toBe("removes 2 real servers (more than 1)");
    expect(words(done(edits.deleteVips(["10.9.0.1"])), { ...limits, vips: 0 })).toBe("removes 1 VIP (more than 0)");
  });

  it("the last of a kind has to be meant, whatever the limits", () => {
    const all = { vips: 100, lbs: 100, realServers: 100 };
    expect(words(undefined, all)).toBe("leaves no VIP and no load balancer");
    expect(words({ ...innerDocument(), lbinfos: [] }, all)).toBe("leaves no load balancer");
    expect(words({ ...innerDocument(), vip2ws: [] }, all)).toBe("leaves no VIP");
  });

  it("and adds as many others is counted by what goes", () => {
    const document = innerDocument();
    document.vip2ws = document.vip2ws.map((vip) => ({ ...vip, vip: vip.vip.replace("10.9.0.", "10.9.0.1") }));
    expect(words(document)).toBe("removes 3 VIPs (more than 1)");
  });
});
