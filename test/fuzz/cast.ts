/** Part of every planted secret: no output may contain it. */
export const HUSH = "hush7q";

export const ROLE = "arn:aws:iam::123456789012:role/Inventory";
/** Requires {@link EXTERNAL_ID}. */
export const GUARDED_ROLE = "arn:aws:iam::444455556666:role/teams/red/Guarded";
/** Not in any settings, so only tampering leads to it. The local AWS has this role and lets any caller assume it. */
export const EVIL_ROLE = "arn:aws:iam::999999999999:role/Evil";
/** Does not exist in the local AWS, which denies it. */
export const UNKNOWN_ROLE = "arn:aws:iam::123456789012:role/Unknown";
/** It may assume every role, and is asked for as a source role only. */
export const HUB_ROLE = "arn:aws:iam::111122223333:role/Hub";
export const CHINESE_ROLE = "arn:aws-cn:iam::123456789012:role/Inventory";

export const EXTERNAL_ID = `${HUSH}-external:1`;
export const SECRET_KEY = `${HUSH}/secret+key`;
export const SESSION_TOKEN = `${HUSH}==token`;
/** 32 bytes or more in Base64. */
export const ENCRYPTION_KEY = `${HUSH.repeat(8)}aa`;
export const PROXY = `http://user:${HUSH}@127.0.0.1:1`;
export const ENDPOINT_WITH_PASSWORD = `https://user:${HUSH}@127.0.0.1:1`;
