// Files on their way to the server, before the message that they belong to.

import { token } from "../api";
import type { Attachment } from "../types";
import { change, draftOf } from "./drafts";

export interface Upload {
  key: number;
  name: string;
  size: number;
  /** From 0 to 1. */
  progress: number;
  file: File;
  request: XMLHttpRequest;
  attachment?: Attachment;
  problem?: string;
}

const MOST = 10;
const LARGEST = 10 * 1024 * 1024;

let last = 0;

/** Send files ahead; each tells for itself how far it is, or why it cannot be sent. */
export function add(id: string, files: Iterable<File>): void {
  for (const file of files) {
    const { uploads } = draftOf(id).peek();
    const upload: Upload = { key: ++last, name: file.name || "Picture", size: file.size, progress: 0, file, request: new XMLHttpRequest() };
    if (file.size > LARGEST) upload.problem = "It is larger than 10 MB.";
    else if (uploads.length >= MOST) upload.problem = `A message has at most ${MOST} files.`;
    change(id, { uploads: [...uploads, upload] });
    if (!upload.problem) void start(id, upload);
  }
}

/** One that the server has already. */
export function taken(attachment: Attachment): Upload {
  const { name, size } = attachment;
  return { key: ++last, name, size, progress: 1, file: new File([], name), request: new XMLHttpRequest(), attachment };
}

export function again(id: string, { key, file }: Upload): void {
  drop(id, key);
  add(id, [file]);
}

export function drop(id: string, key: number): void {
  const { uploads } = draftOf(id).peek();
  uploads.find((one) => one.key === key)?.request.abort();
  change(id, { uploads: uploads.filter((one) => one.key !== key) });
}

export function dropAll(uploads: Upload[]): void {
  for (const { request } of uploads) request.abort();
}

async function start(id: string, { key, file, request }: Upload): Promise<void> {
  const fail = (problem: string): void => note(id, key, { problem });
  const bearer = await token().catch(() => "");
  // Only this kind of request tells how far it is.
  request.upload.onprogress = ({ loaded, total }) => note(id, key, { progress: loaded / total });
  request.onerror = () => fail("The server cannot be reached.");
  request.onload = () => {
    const answer = parsed(request.responseText);
    if (request.status === 201) note(id, key, { progress: 1, attachment: answer as unknown as Attachment });
    else fail(String(answer.error ?? `The server answered ${request.status}.`));
  };
  const form = new FormData();
  form.append("file", file, file.name || "picture.png");
  request.open("POST", "/api/attachments");
  request.setRequestHeader("Authorization", `Bearer ${bearer}`);
  request.send(form);
}

function note(id: string, key: number, changes: Partial<Upload>): void {
  const { uploads } = draftOf(id).peek();
  change(id, { uploads: uploads.map((one) => (one.key === key ? { ...one, ...changes } : one)) });
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
