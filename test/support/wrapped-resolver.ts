import type { CredentialResolver } from "../../src/index.js";

/** The resolver, with some of its methods replaced by the test's. */
export function wrapResolver(resolver: CredentialResolver, own: Partial<CredentialResolver>): CredentialResolver {
  return new Proxy(resolver, {
    get(target, name) {
      const value = Reflect.get(Object.hasOwn(own, name) ? own : target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
