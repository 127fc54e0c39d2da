globalThis.obtained();
