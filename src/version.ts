/** Put in place by the build, from package.json. */
declare const __ROLECALL_VERSION__: string;

export const VERSION = __ROLECALL_VERSION__;
