export const steps = ["comparing", "retrying", "sending", "checking", "activating", "verifying", "going back"] as const;
export type Step = (typeof steps)[number];

/** What happens while load balancers are compared or changed, in its order for each of them. */
export type PushEvent =
  | { readonly kind: "started"; readonly host: string }
  | { readonly kind: "step"; readonly host: string; readonly step: Step }
  | { readonly kind: "done"; readonly host: string; readonly outcome: "unchanged" | "differs" | "updated" | "rolled back" }
  | { readonly kind: "failed"; readonly host: string; readonly reason: string }
  | { readonly kind: "skipped"; readonly host: string; readonly reason: string };

export type Emit = (event: PushEvent) => void;

/** What a load balancer's script calls a step, as an event; words that are unknown here are of no interest. */
export function stepEmitter(host: string, emit: Emit): (step: string) => void {
  return (name) => {
    const step = steps.find((known) => known === name);
    if (step !== undefined) emit({ kind: "step", host, step });
  };
}
