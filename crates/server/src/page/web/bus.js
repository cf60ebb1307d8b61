// What the parts of the page tell each other, so that none has to know another.

/**
 * @typedef {import("./api.js").StoredFile} StoredFile
 * @typedef {{
 *   play: StoredFile, show: StoredFile, next: StoredFile, previous: StoredFile, state: { sid: string | null, plays: boolean },
 *   details: StoredFile, share: { file: StoredFile, clip?: Clip }, replace: StoredFile, remove: StoredFile,
 *   added: StoredFile, changed: StoredFile, gone: string, find: Record<string, string>, choose: void, keys: void,
 *   say: { text: string, undo?: () => void }, unplayable: StoredFile, refused: void, leave: void,
 *   menu: { file: StoredFile, from: HTMLElement },
 * }} Events
 * @typedef {{ start: number, end: number }} Clip a span in seconds
 */

const bus = new EventTarget();

/**
 * @template {keyof Events} K
 * @param {K} name
 * @param {Events[K]} detail
 */
export function tell(name, detail) {
  bus.dispatchEvent(new CustomEvent(name, { detail }));
}

/**
 * @template {keyof Events} K
 * @param {K} name
 * @param {(detail: Events[K]) => void} act
 */
export function hear(name, act) {
  bus.addEventListener(name, (event) => act(/** @type {CustomEvent} */ (event).detail));
}

/**
 * Says a sentence at the foot of the page; with a way back, if there is one.
 * @param {string} text
 * @param {() => void} [undo]
 */
export function say(text, undo) {
  tell("say", { text, undo });
}

/** @param {unknown} error */
export function sayWhy(error) {
  if (error instanceof Error && error.name !== "AbortError") say(error.message);
}
