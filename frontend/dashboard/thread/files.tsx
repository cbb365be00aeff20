// Files of messages. The server gives them only to members, so they are fetched with the token.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { fetchAs } from "../api";
import { Icon } from "../icons";
import { save } from "../saving";
import { complain } from "../toasts";
import type { Attachment } from "../types";

const KB = 1024;

export function Files({ files }: { files: Attachment[] }) {
  if (!files.length) return null;
  return (
    <ul class="files">
      {files.map((file) => <li key={file.id}>{file.thumbnail ? <Picture file={file} /> : <Document file={file} />}</li>)}
    </ul>
  );
}

function Document({ file }: { file: Attachment }) {
  return (
    <button type="button" class="file" title={`Save ${file.name}`} onClick={() => keep(file)}>
      <Icon name="file" />
      <span dir="auto">{file.name}</span>
      <small>{size(file.size)}</small>
    </button>
  );
}

function Picture({ file }: { file: Attachment }) {
  const small = useFetched(`attachments/${file.id}?thumbnail=1`);
  const isLarge = useSignal(false);
  return (
    <>
      <button type="button" class="thumbnail" onClick={() => (isLarge.value = true)}>
        {small ? <img src={small} alt={file.name} /> : <span dir="auto">{file.name}</span>}
      </button>
      {isLarge.value && <Large file={file} close={() => (isLarge.value = false)} />}
    </>
  );
}

function Large({ file, close }: { file: Attachment; close(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const whole = useFetched(`attachments/${file.id}`);
  useEffect(() => dialog.current!.showModal(), []);
  return (
    <dialog ref={dialog} class="picture" aria-label={file.name} onClose={close}>
      {whole ? <img src={whole} alt={file.name} /> : <p role="status">Loading…</p>}
      <footer>
        <button type="button" onClick={() => keep(file)}>Save</button>
        <button type="button" onClick={() => dialog.current!.close()}>Close</button>
      </footer>
    </dialog>
  );
}

/** The address of what is at a path, in memory, as long as it is looked at. */
function useFetched(path: string): string {
  const address = useSignal("");
  useEffect(() => {
    const life = new AbortController();
    let made = "";
    fetchAs("GET", path, undefined, { signal: life.signal })
      .then((response) => response.blob())
      .then((blob) => {
        if (!life.signal.aborted) address.value = made = URL.createObjectURL(blob);
      })
      .catch(() => undefined);
    return () => {
      life.abort();
      if (made) URL.revokeObjectURL(made);
    };
  }, [path]);
  return address.value;
}

function keep({ id, name }: Attachment): void {
  save(`attachments/${id}`, name).catch(complain);
}

export function size(bytes: number): string {
  if (bytes < KB) return `${bytes} B`;
  return bytes < KB * KB ? `${Math.round(bytes / KB)} KB` : `${(bytes / KB / KB).toFixed(1)} MB`;
}
