import type { CredentialResolver } from "../../src/index.js";

/** The resolver with methods of the test's own in place of some of its own. */
export function wrapResolver(resolver: CredentialResolver, own: Partial<CredentialResolver>): CredentialResolver {
  return new Proxy(resolver, {
    get(target, name) {
      const value = Reflect.get(Object.hasOwn(own, name) ? own : target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
