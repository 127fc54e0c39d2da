import type { OidcIssuer, WebIdentityClaims } from "./oidc-issuer.js";
import type { TokenFiles } from "./token-files.js";

interface WrittenToken {
  readonly token: string;
  readonly path: string;
}

/** A service account's token in a file. The file is written when it is first needed. */
export class ServiceAccountToken {
  readonly #issuer: OidcIssuer;
  readonly #files: TokenFiles;
  readonly #name: string;
  readonly #audience: string;
  #written: WrittenToken | undefined;

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

  rotate(claims?: WebIdentityClaims): void {
    this.#written = this.#write(claims);
  }

  #current(): WrittenToken {
    this.#written ??= this.#write();
    return this.#written;
  }

  #write(claims?: WebIdentityClaims): WrittenToken {
    const token = this.#issuer.token({ audience: this.#audience, ...claims });
    return { token, path: this.#files.write(this.#name, token) };
  }
}
