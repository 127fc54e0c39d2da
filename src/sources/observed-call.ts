import { readSigning } from "../clients/request-signature.js";
import { findMiddlewareStack, type MiddlewareContext } from "../clients/sdk-middleware.js";

/** What the middleware observed of a call to AWS. Stays empty under a mock, which runs no middleware. */
export interface ObservedCall {
  /** The SDK is waiting for the credentials to sign with. */
  waitsForIdentity: boolean;
  /** The access key id of the signature. */
  accessKeyId?: string;
  /** The region of the signature. */
  region?: string;
  /** The `Date` header of the response. */
  date?: string;
}

/** Adds middleware that records the command's call. */
export function observeCall(command: object): ObservedCall {
  const middlewareStack = findMiddlewareStack(command);
  const observed: ObservedCall = { waitsForIdentity: false };
  middlewareStack?.add(
    (next) => (args) => {
      observed.waitsForIdentity = true;
      return next(args);
    },
    { step: "initialize", name: "rolecallObserveStart", priority: "low" },
  );
  middlewareStack?.add(
    (next, context: MiddlewareContext) => async (args) => {
      observed.waitsForIdentity = false;
      const accessKeyId = context.__smithy_context?.selectedHttpAuthScheme?.identity?.accessKeyId;
      if (accessKeyId !== undefined) observed.accessKeyId = accessKeyId;
      const signing = readSigning(args.request);
      const region = typeof signing === "object" ? signing.regions[0] : undefined;
      if (region !== undefined) observed.region = region;
      const result = (await next(args)) as { response?: { headers?: Record<string, string> } };
      const date = result.response?.headers?.date;
      if (date !== undefined) observed.date = date;
      return result;
    },
    { step: "deserialize", name: "rolecallObserveCall", priority: "low" },
  );
  return observed;
}
