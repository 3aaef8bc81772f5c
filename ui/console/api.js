// Talks to the assistant's API: the key, JSON calls, problems, and the stream of a conversation.

import { learnClock } from "./format.js";
import { currentLanguage } from "./texts.js";

const STORED = "helloword.key";
export const demoKey = document.querySelector('meta[name="demo-key"]')?.content ?? "";
let key = demoKey || remembered();

function remembered() {
  try { return sessionStorage.getItem(STORED) ?? ""; } catch { return ""; }
}

export const signedIn = () => key !== "";

export function useKey(entered) {
  key = entered;
  try { entered ? sessionStorage.setItem(STORED, entered) : sessionStorage.removeItem(STORED); } catch { /* this page only */ }
}

// A call that did not work: `status` 0 means that no answer came.
export class Problem extends Error {
  constructor(status, body = {}) {
    super(body.detail ?? body.title ?? `HTTP ${status}`);
    this.status = status;
    this.code = body.code ?? "";
  }

  get isBusy() { return this.status === 429 || this.status >= 500; }
}

async function request(method, path, { query = {}, body, signal } = {}) {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries(query)) if (value) url.searchParams.set(name, value);
  url.searchParams.set("language", currentLanguage());
  const headers = { Authorization: `Bearer ${key}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(url, { method, headers, signal, cache: "no-store", body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0);
  }
  learnClock(response.headers.get("date"));
  if (!response.ok) throw new Problem(response.status, await response.json().catch(() => ({})));
  return response;
}

async function json(method, path, options) {
  const response = await request(method, path, options);
  return response.json().catch(() => { throw new Problem(0); });
}

const ofCase = (id, what = "") => `/v1/cases/${encodeURIComponent(id)}${what}`;

export const listCases = (query, signal) => json("GET", "/v1/cases", { query, signal });
export const countCases = (signal) => json("GET", "/v1/cases/counts", { signal });
export const readCase = (id, signal) => json("GET", ofCase(id), { signal });
export const readOrder = (id) => json("GET", ofCase(id, "/order"));
export const act = (id, verb, body = {}) => json("POST", ofCase(id, `/${verb}`), { body });

export const readSummary = (id) => json("GET", ofCase(id, "/summary"));
export const readLevels = (signal) => json("GET", "/v1/metrics/service-levels", { signal });
export const readFigures = (signal) => json("GET", "/v1/metrics/summary", { signal });
export const listFigureCases = (id, query, signal) => json("GET", `/v1/metrics/${encodeURIComponent(id)}/cases`, { query, signal });
export const readLearned = () => json("GET", "/v1/learned");
export const undoLearned = (body) => json("POST", "/v1/learned/undo", { body });
export const listNotices = (query, signal) => json("GET", "/v1/notices", { query, signal });
export const readNotice = (seq) => request("POST", `/v1/notices/${encodeURIComponent(seq)}/read`);
export const readAllNotices = (upTo) => request("POST", "/v1/notices/read-all", { body: { up_to: upTo } });

// The events of the answer to a question, as `{event, data}`, while they come. It is answered in its own language.
export async function* ask(id, text, signal) {
  yield* events(await request("POST", ofCase(id, "/chat"), { body: { text }, signal }));
}

// Notices as they come in, after the one with this number. (An EventSource could not send the key.)
export async function* followNotices(after, signal) {
  yield* events(await request("GET", "/v1/notices/events", { query: { after: String(after) }, signal }));
}

async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read().catch((error) => {
      if (error.name === "AbortError") throw error;
      throw new Problem(0);
    });
    if (done) return;
    const blocks = (held + value).split(/\r?\n\r?\n/);
    held = blocks.pop();
    for (const block of blocks) {
      const event = parsed(block);
      if (event) yield event;
    }
  }
}

function parsed(block) {
  let event = "message";
  const data = [];
  for (const line of block.split(/\r?\n/)) {
    if (line.startsWith("event:")) event = line.slice(6).trim();
    if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
  }
  return data.length ? { event, data: JSON.parse(data.join("\n")) } : null;
}
