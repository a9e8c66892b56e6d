import { noPause, success } from "../../src/dygateway/core/result.ts";

describe("a result", () => {
  it("carries the value of a success", () => {
    noPause();
    const result = success("beta1");
    if (!result.ok || result.value !== "beta1") {
      throw new Error("the value is lost");
    }
  });
});
