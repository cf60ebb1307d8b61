// What the parts of the page tell each other, so that none has to know another.

const bus = new EventTarget();

/** @template {keyof Events} K @param {K} name @param {Events[K]} detail */
export function tell(name, detail) {
  bus.dispatchEvent(new CustomEvent(name, { detail }));
}

/** @template {keyof Events} K @param {K} name @param {(detail: Events[K]) => void} act */
export function hear(name, act) {
  bus.addEventListener(name, (event) => act(/** @type {CustomEvent} */ (event).detail));
}

/** Says a sentence at the foot of the page; with a way back, if there is one. @param {string} text @param {() => void} [undo] */
export function say(text, undo) {
  tell("say", { text, undo });
}

/** @param {unknown} error */
export function sayWhy(error) {
  if (error instanceof Error && error.name !== "AbortError") say(error.message);
}
