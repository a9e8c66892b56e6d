// The globals that busted and vitest share. The specs of core run under both, so they may use no others.
declare function describe(name: string, body: () => void): void;
declare function it(name: string, body: () => void): void;
