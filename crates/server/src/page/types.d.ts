// The types that modules of `web/` share. It is for who checks them (`tsc --checkJs`) and reads them, and is not served.

/** A file, as far as a row shows it. */
type StoredFile = {
  file_sid: string, container_sid: string, name: string, file_access_name: string, file_bytes: number,
  content_classification: string, content_duration: number | null, content_format: string | null,
  mime_type: string, date_created: string, date_modified: string, publish: "none" | "file_sid" | "file_access_name",
  publish_uri: string | null,
  /** It came just now. */
  fresh?: boolean,
} & Record<string, any>;
type Container = { container_sid: string, name: string, allow_publish: boolean };
/** A part of a list, as the API gives it. */
type Page = { items: StoredFile[], total: number, has_more: boolean, pagination: { before?: string, after?: string } };

/** A span in seconds. */
type Clip = { start: number, end: number };
/** Of a link. */
type Options = Record<string, string>;
/** The extremes of each channel, pixel by pixel. */
type Peaks = { channels: number, sample_rate: number, samples_per_pixel: number, length: number, data: number[] };

type Child = Node | string | null | undefined | false;
type IconName = keyof typeof import("./web/dom.js").ICONS;
/** A line of a menu; whether it is on, if it can be. */
type Entry = [IconName, string, () => void, boolean?];

/** What the parts of the page tell each other. */
type Events = {
  play: StoredFile, show: StoredFile, next: StoredFile, previous: StoredFile, state: { sid: string | null, plays: boolean },
  details: StoredFile, share: { file: StoredFile, clip?: Clip }, replace: StoredFile, remove: StoredFile,
  added: StoredFile, changed: StoredFile, gone: string, find: Record<string, string>, choose: void, keys: void,
  say: { text: string, undo?: () => void }, refused: void, leave: void,
  menu: { file: StoredFile, from: HTMLElement, more: Entry[] },
};

/** What is looked for. */
type Wanted = { q: string, in: string, container: string, kind: string, since: string, until: string, length: string, publish: string };
/** Files of a long list that lie side by side. `from` is the place of the first one, as far as is known; it is `joined` to the
 * next part, or the list ends with it. */
type Part = { from: number, files: StoredFile[], before?: string, after?: string, joined: boolean };
type Question = { after: string, of: Part } | { before: string, of: Part } | { offset: number };
/** A line of the list. A gap is of so many files; places count from 1. */
type Line = { day: string } | { file: StoredFile, place: number } | { gap: number, place: number };

/** What is told of a file on its way to the server. */
type Told = { sent: (bytes: number) => void, waits: (seconds: number, why: string) => void, done: (file: any) => void, failed: (why: string) => void };
type Upload = {
  file: File, state: "waits" | "goes" | "rests" | "failed" | "done", sent: number, why: string, into: string, replaces: string | null,
  transfer: { go: () => unknown, stop: () => void, forget: () => void } | null,
  line: HTMLElement, bar: HTMLProgressElement, told: HTMLElement, buttons: HTMLElement,
};
/** Lines to paste where a link is used. */
type Snippet = { name: string, options: Options, ending: string, form: "query" | "path", text: (uri: string, file: StoredFile) => string };
