// Plays a server with a long list, and looks at the parts of it that the page holds: whatever is asked for, comes and goes, they
// are in order, none is there twice, and nothing is missing once every gap is filled.
import { LIMIT, Parts } from "./parts.js";

let seed = 1;
const chance = (below) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % below;

class Server {
  files = [];
  made = 0;

  add() {
    this.files.unshift({ file_sid: `s${this.made}`, number: this.made, date_created: String(this.made).padStart(8, "0") });
    this.made += 1;
  }

  page(from, to) {
    const items = this.files.slice(from, to).map((file) => ({ ...file }));
    const pagination = items.length ? { before: items[0].number, after: items.at(-1).number } : {};
    return { items, total: this.files.length, pagination };
  }

  /** Where the first file at or behind a number is. */
  at(number) {
    const at = this.files.findIndex((file) => file.number <= number);
    return at < 0 ? this.files.length : at;
  }

  answer(question) {
    const total = this.files.length;
    if (question.before !== undefined) {
      const end = this.at(question.before);
      return { ...this.page(Math.max(0, end - LIMIT), end), has_more: end > LIMIT };
    }
    const from = question.after !== undefined ? this.at(question.after - 1) : question.offset;
    return { ...this.page(from, from + LIMIT), has_more: total > from + LIMIT };
  }
}

const held = (parts) => parts.all.flatMap(({ files }) => files.map(({ number }) => number));

function check(parts, what) {
  const numbers = held(parts);
  const wrong = numbers.findIndex((number, at) => at > 0 && number >= numbers[at - 1]);
  if (wrong >= 0) throw new Error(`${what}: ${numbers[wrong]} after ${numbers[wrong - 1]}`);
  parts.all.slice(1).forEach((part, at) => {
    const { from, files, joined } = parts.all[at];
    const apart = part.from - from - files.length;
    if (apart < 0 || (joined && apart > 0)) throw new Error(`${what}: ${apart} files apart`);
  });
}

function run(number) {
  const server = new Server();
  for (let count = chance(3000); count > 0; count -= 1) server.add();
  const parts = Parts.of(server.answer({ offset: 0 }));
  const ask = (question) => {
    parts.take(question, server.answer(question));
    check(parts, `${number}: ${Object.keys(question)[0]}`);
  };
  const newest = () => parts.newest?.number ?? -1;
  const changes = chance(3);
  for (let step = 0; step < 60; step += 1) {
    const place = chance(Math.max(1, parts.total));
    const missing = parts.missing(place, place + 20);
    if (missing) ask(missing);
    if (changes && chance(3) === 0) {
      server.add();
      if (chance(2)) parts.put(server.files.filter((file) => file.number > newest()));
    }
    if (changes === 2 && chance(3) === 0 && server.files.length) {
      const [gone] = server.files.splice(chance(server.files.length), 1 + chance(40));
      if (chance(2)) parts.drop(gone.file_sid);
    }
    // Deleted, and taken back.
    const taken = chance(4) === 0 ? server.files[chance(server.files.length || 1)] : undefined;
    if (taken && taken.number <= newest()) {
      if (chance(2)) parts.drop(taken.file_sid);
      check(parts, `${number}: a deletion`);
      parts.insert({ ...taken });
    }
    if (chance(10) === 0) parts.letGo(place, place + 20, []);
    const known = held(parts);
    const beside = known.length && chance(5) === 0 ? parts.beside(`s${known[chance(known.length)]}`, chance(2) ? 1 : -1) : null;
    if (beside && !("file_sid" in beside)) ask(beside);
    check(parts, `${number}: a change`);
  }
  for (let asked = 0, missing; (missing = parts.missing(0, parts.total)); asked += 1) {
    if (asked > 2000) throw new Error(`${number}: without end`);
    ask(missing);
  }
  const all = new Set(held(parts));
  const lost = server.files.find((file) => file.number <= newest() && !all.has(file.number));
  if (lost) throw new Error(`${number}: ${lost.number} is lost`);
  if (!changes && parts.total !== server.files.length) throw new Error(`${number}: ${parts.total} of ${server.files.length}`);
}

for (let number = 0; number < 100; number += 1) run(number);
