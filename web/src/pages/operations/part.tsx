/** A quarter of the page: its title, what it holds, and the command that shows or changes the same. */
import type { ReactNode } from "react";

export type Fact = readonly [name: string, label: string, value: number | null, write: (value: number) => string];

export function Part({
  name,
  title,
  command,
  children,
}: {
  name: string;
  title: string;
  command: string;
  children: ReactNode;
}) {
  return (
    <section data-part={name} aria-labelledby={`part-${name}`}>
      <header>
        <h2 id={`part-${name}`} className="group">
          {title}
        </h2>
        <code data-command="">{command}</code>
      </header>
      {children}
    </section>
  );
}

/** Numbers with their names; one that the machine does not tell is –. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className="facts">
      {facts.map(([name, label, value, write]) => (
        <div key={name}>
          <dt className="label">{label}</dt>
          <dd data-metric={name} data-value={value ?? ""}>
            {value === null ? "–" : write(value)}
          </dd>
        </div>
      ))}
    </dl>
  );
}
