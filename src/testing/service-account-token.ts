import type { OidcIssuer, WebIdentityClaims } from "./oidc-issuer.js";
import type { TokenFiles } from "./token-files.js";

/** A pod's token in a file. The file is written when it is first needed. */
export class ServiceAccountToken {
  readonly #issuer: OidcIssuer;
  readonly #files: TokenFiles;
  readonly #name: string;
  readonly #audience: string;
  #written: { path: string; token: string } | undefined;

  constructor(issuer: OidcIssuer, files: TokenFiles, name: string, audience: string) {
    this.#issuer = issuer;
    this.#files = files;
    this.#name = name;
    this.#audience = audience;
  }

  get path(): string {
    return this.#current().path;
  }

  /** The newest token. */
  get token(): string {
    return this.#current().token;
  }

  rotate(claims: WebIdentityClaims = {}): void {
    const token = this.#issuer.token({ audience: this.#audience, ...claims });
    this.#written = { token, path: this.#files.write(this.#name, token) };
  }

  #current(): { path: string; token: string } {
    if (this.#written === undefined) this.rotate();
    return this.#written as { path: string; token: string };
  }
}
