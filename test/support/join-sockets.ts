import type { Duplex } from "node:stream";

/** Forwards everything between two connections, until either one ends. */
export function joinSockets() {
  const open = new Set<Duplex>();
  return {
    join(one: Duplex, other: Duplex): void {
      for (const [from, to] of [
        [one, other],
        [other, one],
      ] as const) {
        open.add(from);
        from.on("error", () => to.destroy());
        from.on("close", () => {
          open.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
    },
    destroy(): void {
      for (const socket of open) socket.destroy();
    },
  };
}
