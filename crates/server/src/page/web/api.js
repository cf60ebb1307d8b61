// The storage API, asked with the token of the session.

import { tell } from "./bus.js";
import { token } from "./session.js";

/** Beside the page, so that it works below any path. */
export const API = new URL("core/v2/storage/", document.baseURI).href;

/** What a row shows. */
const FIELDS = "container_sid,content_classification,content_duration,content_format,date_created,date_modified,file_access_name,"
  + "file_bytes,file_sid,mime_type,name,publish,publish_uri";

/** A refusal, in the server's own words. */
export class Refused extends Error {
  /** @param {string} message @param {number} status */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** The reason of a refusal: of its fields, if it names some. @param {any} answer @param {number} status */
export function reason(answer, status) {
  const fields = Array.isArray(answer?.errors) ? answer.errors : [];
  const told = fields.map((/** @type {any} */ error) => error.message).filter(Boolean).join("; ");
  return told || answer?.message || `The server answered ${status}.`;
}

/**
 * @param {string} path below the API
 * @param {{ method?: string, body?: unknown, signal?: AbortSignal, keepalive?: boolean }} [request]
 */
export async function ask(path, request = {}) {
  const { method = "GET", body, signal, keepalive } = request;
  /** @type {Record<string, string>} */
  const headers = { Authorization: `Bearer ${token()}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  // Without credentials of its own the browser doesn't ask for a password when a token is refused.
  const sent = body === undefined ? undefined : JSON.stringify(body);
  /** @type {Response} */
  let answer;
  try {
    answer = await fetch(API + path, { method, headers, signal, keepalive, body: sent, credentials: "omit" });
  } catch (error) {
    if (error instanceof Error && error.name === "AbortError") throw error;
    throw new Refused("The server can't be reached.", 0);
  }
  if (answer.status === 204) return null;
  const told = await answer.json().catch(() => null);
  if (answer.ok) return told;
  if (answer.status === 401) tell("refused", undefined);
  throw new Refused(reason(told, answer.status), answer.status);
}

/**
 * @param {{ filter: string, after?: string, before?: string, offset?: number, limit: number, signal?: AbortSignal }} wanted
 * @returns {Promise<Page>} the newest first
 */
export function list({ filter, after, before, offset, limit, signal }) {
  const query = new URLSearchParams({ limit: String(limit), order: "date_created desc", include_fields: FIELDS });
  for (const [name, value] of Object.entries({ filter, after, before, offset })) if (value) query.set(name, String(value));
  return ask(`files?${query}`, { signal });
}

/** @returns {Promise<Container[]>} */
export async function containers() {
  return (await ask("containers?order=name&include_fields=container_sid,name,allow_publish")).items;
}

/** @param {string} sid @returns {Promise<StoredFile>} with all that is known of it */
export const whole = (sid) => ask(`files/${sid}`);

/** @param {string} sid @param {Record<string, unknown>} changes @returns {Promise<StoredFile>} */
export const change = (sid, changes) => ask(`files/${sid}`, { method: "PATCH", body: changes });

/** @param {string} sid also where the page goes */
export const remove = (sid) => ask(`files/${sid}`, { method: "DELETE", keepalive: true });

/**
 * @param {string} sid
 * @param {Record<string, string>} options of the link
 * @param {number} seconds its life
 * @param {"query" | "path"} [form]
 * @returns {Promise<{ uri: string, expires: number }>}
 */
export function sign(sid, options, seconds, form = "query") {
  return ask(`files/${sid}/sign`, { method: "POST", body: { expires_in: seconds, options, form } });
}
