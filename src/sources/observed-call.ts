/** What a call to AWS showed besides its answer. Empty under a mock, which runs no middleware. */
export interface ObservedCall {
  /** The `Date` header of the answer. */
  date?: string;
  /** The access key id that signed. */
  accessKeyId?: string;
}

/** The SDK's middleware stack, as far as it is used here. */
interface CommandWithStack {
  middlewareStack: { add(middleware: unknown, options: { step: "deserialize"; name: string; priority: "low" }): void };
}

type Next = (args: unknown) => Promise<{ response?: { headers?: Record<string, string> } }>;
interface Context {
  __smithy_context?: { selectedHttpAuthScheme?: { identity?: { accessKeyId?: string } } };
}

/** Notes date and signer of one command's call. */
export function observeCall(command: object): ObservedCall {
  const observed: ObservedCall = {};
  const middleware = (next: Next, context: Context) => async (args: unknown) => {
    const accessKeyId = context.__smithy_context?.selectedHttpAuthScheme?.identity?.accessKeyId;
    if (accessKeyId !== undefined) observed.accessKeyId = accessKeyId;
    const result = await next(args);
    const date = result.response?.headers?.date;
    if (date !== undefined) observed.date = date;
    return result;
  };
  (command as CommandWithStack).middlewareStack.add(middleware, {
    step: "deserialize",
    name: "rolecallObserveCall",
    priority: "low",
  });
  return observed;
}
