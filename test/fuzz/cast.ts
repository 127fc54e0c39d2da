/** Part of every planted secret: nothing that may be shown ever holds it. */
export const HUSH = "hush7q";

export const ROLE = "arn:aws:iam::123456789012:role/Inventory";
/** Demands {@link EXTERNAL_ID}. */
export const GUARDED_ROLE = "arn:aws:iam::444455556666:role/teams/red/Guarded";
/** Nobody's settings name it: only somebody who tampers does. The local AWS knows it and would let anybody in. */
export const EVIL_ROLE = "arn:aws:iam::999999999999:role/Evil";
/** Unknown to the local AWS, which denies it. */
export const UNKNOWN_ROLE = "arn:aws:iam::123456789012:role/Unknown";
export const CHINESE_ROLE = "arn:aws-cn:iam::123456789012:role/Inventory";

export const EXTERNAL_ID = `${HUSH}-external:1`;
export const SECRET_KEY = `${HUSH}/secret+key`;
export const SESSION_TOKEN = `${HUSH}==token`;
/** 32 bytes and more in base64. */
export const ENCRYPTION_KEY = `${HUSH.repeat(8)}aa`;
export const PROXY = `http://user:${HUSH}@127.0.0.1:1`;
export const ENDPOINT_WITH_PASSWORD = `https://user:${HUSH}@127.0.0.1:1`;
