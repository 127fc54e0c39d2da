import { BlockList, isIP } from "node:net";
import { matchesPolicyArn, matchesPolicyText, type PolicyText, toLiteral } from "./iam-pattern.js";
import type { RequestContext } from "./request-context.js";

/** Whether a value in the request matches the policy. */
export type Comparison = (received: string, context: RequestContext) => boolean;

interface Operator {
  /** Reads a value in a policy; `undefined` if it is invalid for this operator. */
  read(value: PolicyText, literal: string): Comparison | undefined;
  /** Whether a value may contain policy variables. */
  readonly takesVariables: boolean;
}

/** An operator or its negation. */
export type NamedOperator = Operator & { readonly isNegated: boolean };

const text = (compare: (value: PolicyText) => Comparison): Operator => ({ read: compare, takesVariables: true });
const plain = (read: (literal: string) => Comparison | undefined): Operator => ({
  read: (_, literal) => read(literal),
  takesVariables: false,
});

const ORDERS: Record<string, (received: number, value: number) => boolean> = {
  Equals: (received, value) => received === value,
  LessThan: (received, value) => received < value,
  LessThanEquals: (received, value) => received <= value,
  GreaterThan: (received, value) => received > value,
  GreaterThanEquals: (received, value) => received >= value,
};

const ARN = text((value) => (received, context) => matchesPolicyArn(value, received, context));

const OPERATORS: Record<string, Operator> = {
  StringEquals: text((value) => (received, context) => toLiteral(value, context) === received),
  StringEqualsIgnoreCase: text(
    (value) => (received, context) => toLiteral(value, context)?.toLowerCase() === received.toLowerCase(),
  ),
  StringLike: text((value) => (received, context) => matchesPolicyText(value, received, context)),
  ArnEquals: ARN,
  ArnLike: ARN,
  ...ordered("Numeric", parseNumber),
  ...ordered("Date", parseTime),
  Bool: plain((literal) => {
    const value = parseBoolean(literal);
    return value === undefined ? undefined : (received) => parseBoolean(received) === value;
  }),
  BinaryEquals: plain((literal) => {
    const bytes = parseBase64(literal);
    return bytes && ((received) => parseBase64(received)?.equals(bytes) === true);
  }),
  IpAddress: plain(parseAddresses),
};

const NEGATIONS: Record<string, string> = {
  StringNotEquals: "StringEquals",
  StringNotEqualsIgnoreCase: "StringEqualsIgnoreCase",
  StringNotLike: "StringLike",
  ArnNotEquals: "ArnEquals",
  ArnNotLike: "ArnLike",
  NumericNotEquals: "NumericEquals",
  DateNotEquals: "DateEquals",
  NotIpAddress: "IpAddress",
};

/** Finds an IAM operator by name, without prefix or suffix; `undefined` if there is none. */
export function findOperator(name: string): NamedOperator | undefined {
  const isNegated = Object.hasOwn(NEGATIONS, name);
  const positive = isNegated ? (NEGATIONS[name] as string) : name;
  return Object.hasOwn(OPERATORS, positive) ? { ...(OPERATORS[positive] as Operator), isNegated } : undefined;
}

function ordered(type: string, read: (value: string) => number | undefined): Record<string, Operator> {
  return Object.fromEntries(
    Object.entries(ORDERS).map(([order, holds]) => [
      type + order,
      plain((literal) => {
        const value = read(literal);
        if (value === undefined) return undefined;
        return (received) => {
          const number = read(received);
          return number !== undefined && holds(number, value);
        };
      }),
    ]),
  );
}

export function parseNumber(value: string): number | undefined {
  return /^[+-]?\d+(\.\d+)?$/.test(value) ? Number(value) : undefined;
}

export function parseBoolean(value: string): boolean | undefined {
  return /^(true|false)$/i.test(value) ? value.toLowerCase() === "true" : undefined;
}

const ISO_8601 = /^\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d))?)?)?$/;

/** Parses a date in the W3C profile of ISO 8601, or epoch seconds. Returns epoch milliseconds. */
export function parseTime(value: string): number | undefined {
  if (/^\d{5,12}$/.test(value)) return Number(value) * 1000;
  const time = ISO_8601.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

function parseBase64(value: string): Buffer | undefined {
  return /^[\w+/-]+=*$/.test(value) ? Buffer.from(value, "base64") : undefined;
}

/** Parses an IP address or a CIDR range. */
function parseAddresses(value: string): Comparison | undefined {
  const [address = "", prefix, ...others] = value.split("/");
  const version = isIP(address);
  const longest = version === 4 ? 32 : 128;
  if (version === 0 || others.length > 0 || !/^\d{1,3}$/.test(prefix ?? "0") || Number(prefix ?? 0) > longest) {
    return undefined;
  }
  const family = (ip: string) => (isIP(ip) === 4 ? "ipv4" : "ipv6");
  const addresses = new BlockList();
  addresses.addSubnet(address, Number(prefix ?? longest), family(address));
  return (received) => isIP(received) !== 0 && addresses.check(received, family(received));
}
