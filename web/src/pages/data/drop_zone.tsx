/** Where files are dropped, or chosen by the system's dialog. */
import { type DragEvent, useRef, useState } from "react";
import { announce } from "../../parts/announce";
import { take } from "./arrivals";

/** Files and the names of folders among what was dropped; a folder has no bytes that could be sent. */
function dropped(event: DragEvent): { files: File[]; folders: string[] } {
  const files: File[] = [];
  const folders: string[] = [];
  for (const item of event.dataTransfer.items) {
    const entry = item.webkitGetAsEntry?.();
    const file = item.getAsFile();
    if (entry?.isDirectory) folders.push(entry.name);
    else if (file) files.push(file);
  }
  return { files, folders };
}

export function DropZone({ empty }: { empty: boolean }) {
  const chooser = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const [folders, setFolders] = useState<string[]>([]);
  return (
    <>
      <button
        type="button"
        className="drop-zone"
        data-over={over || undefined}
        onClick={() => chooser.current?.click()}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          const found = dropped(event);
          setFolders(found.folders);
          if (found.folders.length > 0) announce("Folders are imported where the service runs.");
          take(found.files);
        }}
      >
        <strong>
          {empty ? "No bars yet. Drop CSV or Parquet files here" : "Drop files of bars here, or choose them"}
        </strong>
        <span className="hint">
          CSV, JSON or Parquet, packed or not. Each file is looked at first; nothing is written before you say Import.
        </span>
      </button>
      <input
        ref={chooser}
        type="file"
        multiple
        hidden
        aria-label="Files of bars"
        onChange={(event) => {
          take(event.currentTarget.files ?? []);
          event.currentTarget.value = "";
        }}
      />
      {folders.map((name) => (
        <p key={name} className="warn" role="alert">
          {name} is a folder. Import it where the service runs: <code>tapehead import {name}</code>
        </p>
      ))}
      <p className="hint">
        {empty && (
          <>
            A synthetic market of 48: <code>tapehead demo</code>.{" "}
          </>
        )}
        A folder on the service's machine: <code>tapehead import FOLDER</code>
      </p>
    </>
  );
}
