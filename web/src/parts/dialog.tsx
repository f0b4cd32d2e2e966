/** A native dialog that is open while it is drawn; Esc and a click beside it close it. */
import { type ReactNode, useEffect, useRef } from "react";

export function Dialog({ title, close, children }: { title: string; close: () => void; children: ReactNode }) {
  const here = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = here.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={here}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onKeyDown={(event) => event.stopPropagation()}
      onClick={(event) => {
        if (event.target === here.current) close();
      }}
    >
      <h2 className="title">{title}</h2>
      {children}
    </dialog>
  );
}
