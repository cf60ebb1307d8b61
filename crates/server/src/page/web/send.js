// A request that tells how much of it has gone, as XMLHttpRequest alone does.

import { Refused, reason } from "./api.js";

/**
 * @param {{ method: string, url: string, token: string, headers?: Record<string, string>, body?: Blob | FormData, sent?: (bytes: number) => void }} wanted
 * @returns {{ answer: Promise<XMLHttpRequest>, stop: () => void }} the answer never comes where it was stopped
 */
export function send({ method, url, token, headers = {}, body, sent }) {
  const request = new XMLHttpRequest();
  request.open(method, url);
  request.setRequestHeader("Authorization", `Bearer ${token}`);
  for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
  if (sent) request.upload.addEventListener("progress", ({ loaded }) => sent(loaded));
  const answer = new Promise((resolve, reject) => {
    request.addEventListener("error", () => reject(new Refused("the connection broke", 0)));
    request.addEventListener("load", () => {
      const { status, responseText } = request;
      if (status < 300) return resolve(request);
      let told = null;
      try {
        told = JSON.parse(responseText);
      } catch {
        // What is no JSON has no reason.
      }
      reject(new Refused(reason(told, status), status));
    });
  });
  request.send(body);
  return { answer, stop: () => request.abort() };
}
